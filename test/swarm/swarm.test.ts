// One file, so that one swarm stands for all groups; they run in this order.
import "./groups/from-bare.ts";
import "./groups/tags.ts";
import "./groups/refusals.ts";
