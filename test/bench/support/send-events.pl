# Sends each line of a file with one send(), as Suricata does, and waits where the queue is full.
# Perl, since every Debian has it and Node cannot block on a datagram socket.
use strict;
use warnings;
use Socket;
my ($type, $path, $file) = @ARGV;
socket(my $socket, AF_UNIX, $type eq 'dgram' ? SOCK_DGRAM : SOCK_STREAM, 0) or die "socket: $!";
connect($socket, sockaddr_un($path)) or die "connect: $!";
open(my $lines, '<', $file) or die "open: $!";
while (my $line = <$lines>) {
  my $sent = 0;
  while ($sent < length $line) {
    my $now = send($socket, $sent == 0 ? $line : substr($line, $sent), 0);
    defined($now) or die "send: $!";
    $sent += $now;
  }
}
