"""How the judge and a sandbox speak: calls in both directions, as plain JSON of limited length, never a pickle."""

from __future__ import annotations

from gradlab.labs.grade.protocol._modules import put_state as put_state
from gradlab.labs.grade.protocol._peer import CheckTimeoutError as CheckTimeoutError
from gradlab.labs.grade.protocol._peer import Peer as Peer
from gradlab.labs.grade.protocol._peer import RemoteCallError as RemoteCallError
from gradlab.labs.grade.protocol._peer import is_refusal as is_refusal
from gradlab.labs.grade.protocol._remote import OpaqueError as OpaqueError
from gradlab.labs.grade.protocol._remote import RemoteObject as RemoteObject
from gradlab.labs.grade.protocol._remote import class_tests as class_tests
from gradlab.labs.grade.protocol._remote import looked as looked
from gradlab.labs.grade.protocol._values import ValueRefusedError as ValueRefusedError
from gradlab.labs.grade.protocol._wire import Channel as Channel
from gradlab.labs.grade.protocol._wire import ChannelError as ChannelError
from gradlab.labs.grade.protocol._wire import ChannelTimeoutError as ChannelTimeoutError
