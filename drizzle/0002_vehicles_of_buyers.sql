DROP INDEX "vehicles_buyer";--> statement-breakpoint
CREATE UNIQUE INDEX "vehicles_buyer" ON "vehicles" USING btree ("buyer") WHERE "vehicles"."buyer" IS NOT NULL;