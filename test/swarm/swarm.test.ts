// One file, so that one swarm stands for all groups; they run in this order, and the last one takes it down.
import "./groups/from-bare.ts";
import "./groups/tags.ts";
import "./groups/refusals.ts";
import "./groups/drift.ts";
import "./groups/scale.ts";
import "./groups/failures.ts";
import "./groups/handbook.ts";
