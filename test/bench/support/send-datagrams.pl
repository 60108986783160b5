# Sends each line of a file as one datagram, waiting where the queue is full, as nothing else in every Debian can.
use strict;
use warnings;
use Socket;
my ($path, $file) = @ARGV;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
connect($socket, sockaddr_un($path)) or die "connect: $!";
open(my $lines, '<', $file) or die "open: $!";
while (my $line = <$lines>) {
  defined(send($socket, $line, 0)) or die "send: $!";
}
