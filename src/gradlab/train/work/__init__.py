"""Work that is cut into chunks, what a chunk is, who trains it, and how results are filled chunk by chunk."""

from __future__ import annotations

from gradlab.train.work._engine import HERE as HERE
from gradlab.train.work._engine import Engine as Engine
from gradlab.train.work._engine import Maker as Maker
from gradlab.train.work._engine import Outcomes as Outcomes
from gradlab.train.work._engine import Work as Work
from gradlab.train.work._fill import Keeper as Keeper
from gradlab.train.work._fill import fill as fill
from gradlab.train.work._grid import GridWork as GridWork
from gradlab.train.work._layout import Behind as Behind
from gradlab.train.work._layout import Chunk as Chunk
from gradlab.train.work._layout import Contents as Contents
from gradlab.train.work._layout import Layout as Layout
from gradlab.train.work._memory import Memory as Memory
from gradlab.train.work._remote import engine_of as engine_of
from gradlab.train.work._runs import RunsWork as RunsWork
