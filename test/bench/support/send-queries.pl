# Sends DNS queries to 127.0.0.1:53 at an even pace: so many a second for so many seconds, over so many names.
# Sends what is due every millisecond, and prints how many it sent.
use strict;
use warnings;
use Socket;
use Time::HiRes qw(time sleep);
my ($rate, $seconds, $names) = @ARGV;
socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
my $to = sockaddr_in(53, inet_aton('127.0.0.1'));
my $start = time;
my $sent = 0;
while ($sent < $rate * $seconds) {
  my $due = (time - $start) * $rate;
  for (; $sent < $due && $sent < $rate * $seconds; $sent++) {
    my @labels = ('host' . $sent % $names, 'live-bench', 'example');
    my $question = join('', map { pack('C/a*', $_) } @labels) . pack('Cnn', 0, 1, 1);
    # A port of its own each 50 queries, as resolvers have: Suricata keeps the transactions of a flow together.
    if ($sent % 50 == 0) { socket($socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!"; }
    # The refusal that comes back, since nobody listens there, is no concern of ours.
    send($socket, pack('nnnnnn', $sent % 65536, 0x0100, 1, 0, 0, 0) . $question, 0, $to);
  }
  sleep(0.001);
}
print "$sent\n";
