import "../groups/handbook.ts";
