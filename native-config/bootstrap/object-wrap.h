// Included before everything else when native Node packages are compiled (node-packages.mjs).
//
// Since Node 24.19 node_object_wrap.h takes back a cleanup hook in the destructor of each wrapped object. That needs an entered context, which
// a collection of garbage begun by the event loop does not have: the process then aborts with "Assertion failed: (env) != nullptr".
// better-sqlite3 12 wraps every statement in this way, and it is the last line that serves Node 20. Here the header is read with hooks
// that do nothing, which is how it was before 24.19.
#ifndef GUARDIAN_OBJECT_WRAP_H_
#define GUARDIAN_OBJECT_WRAP_H_

#include <node.h>

namespace guardian {
inline void NoCleanupHook(v8::Isolate*, void (*)(void*), void*) {}
}  // namespace guardian

#define AddEnvironmentCleanupHook guardian::NoCleanupHook
#define RemoveEnvironmentCleanupHook guardian::NoCleanupHook
#include <node_object_wrap.h>
#undef RemoveEnvironmentCleanupHook
#undef AddEnvironmentCleanupHook

#endif  // GUARDIAN_OBJECT_WRAP_H_
