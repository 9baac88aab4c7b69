ALTER TABLE "match_requests" ADD COLUMN "year" integer GENERATED ALWAYS AS ((wish ->> 'year')::integer) STORED;--> statement-breakpoint
ALTER TABLE "match_requests" ADD COLUMN "price_currency" text GENERATED ALWAYS AS (wish #>> '{price,currency}') STORED;--> statement-breakpoint
ALTER TABLE "match_requests" ADD COLUMN "price_min" bigint GENERATED ALWAYS AS ((wish #>> '{price,min}')::bigint) STORED;--> statement-breakpoint
ALTER TABLE "match_requests" ADD COLUMN "price_max" bigint GENERATED ALWAYS AS ((wish #>> '{price,max}')::bigint) STORED;--> statement-breakpoint
CREATE INDEX "vehicles_on_their_way" ON "vehicles" USING btree ("number") WHERE "vehicles"."state" IN ('in_production', 'built', 'shipped') OR "vehicles"."state" = 'at_dealer' AND "vehicles"."buyer" IS NOT NULL;