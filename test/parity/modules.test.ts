import { agreement } from "./agreement.ts";

agreement("modules", { twins: true });
