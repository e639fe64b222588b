import "../groups/drift.ts";
