/** Runs examples/testing_tasks_test.ts: what it imports registers its tests. */
import "../../examples/testing_tasks_test.ts";
