import { objectInfo } from "./docker-info.ts";

export default objectInfo("network");
