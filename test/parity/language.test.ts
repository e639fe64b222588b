import { agreement } from "./agreement.ts";

agreement("language");
