# A queue for each service, a group whose members work on all of them, and the agent
# who is measured. Everybody else comes with the sample.
use strict;
use warnings;

our @Queues = map { { Name => "Service $_", Description => "Service $_" } } 1 .. 40;
our @Groups = ( { Name => 'Agents', Description => 'Who work on tickets' } );
our @Users  = ( {
    Name => 'p0', EmailAddress => 'p0@bench.example', RealName => 'Ada Abbott', Privileged => 1,
    Password => 'correct horse battery staple',
} );
our @ACL = (
    ( map { { Right => $_, GroupDomain => 'UserDefined', GroupId => 'Agents' } }
          qw(SeeQueue ShowTicket ShowTicketComments ShowOutgoingEmail ShowScrips CreateTicket ReplyToTicket CommentOnTicket
          ModifyTicket OwnTicket TakeTicket StealTicket ReassignTicket Watch SeeCustomField ModifySelf SeeGroup
          ShowSavedSearches LoadSavedSearch CreateSavedSearch SeeDashboard SeeOwnDashboard) ),
    ( map { { Right => $_, GroupDomain => 'SystemInternal', GroupType => 'Everyone' } } qw(CreateTicket ReplyToTicket) ),
);
our @Final = ( sub {
    my $group = RT::Group->new( RT->SystemUser );
    $group->LoadUserDefinedGroup('Agents');
    my $user = RT::User->new( RT->SystemUser );
    $user->Load('p0');
    my ( $ok, $message ) = $group->AddMember( $user->PrincipalId );
    die $message unless $ok;
} );
1;
