import "../groups/scale.ts";
