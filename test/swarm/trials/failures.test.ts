import "../groups/failures.ts";
