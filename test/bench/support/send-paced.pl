# Sends the lines of a file to a unix stream socket at an even pace: so many a second for so many seconds, from the beginning again
# where the file ends. As Suricata does in live mode it never waits: a line for which there is no room is dropped, and one that was sent
# in part is a torn line, which counts as dropped too. Prints "SENT DROPPED".
use strict;
use warnings;
use Socket;
use Fcntl;
use Time::HiRes qw(time sleep);
my ($path, $file, $rate, $seconds) = @ARGV;
socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($socket, sockaddr_un($path)) or die "connect: $!";
fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK) or die "fcntl: $!";
open(my $lines, '<', $file) or die "open: $!";
my @lines = <$lines>;
my ($sent, $dropped, $done) = (0, 0, 0);
my $start = time;
while ($done < $rate * $seconds) {
  my $due = (time - $start) * $rate;
  for (; $done < $due && $done < $rate * $seconds; $done++) {
    my $line = $lines[$done % @lines];
    my $bytes = send($socket, $line, 0);
    if (defined($bytes) && $bytes == length $line) { $sent++; } else { $dropped++; }
  }
  sleep(0.001);
}
print "$sent $dropped\n";
