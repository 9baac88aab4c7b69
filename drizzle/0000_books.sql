CREATE TABLE "addresses" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"lines" text[] NOT NULL,
	"city" text NOT NULL,
	"postcode" text NOT NULL,
	"region" text,
	"country" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "allocation_limits" (
	"dealer" text NOT NULL,
	"model_line" text NOT NULL,
	"period" integer NOT NULL,
	"vehicles" integer NOT NULL,
	CONSTRAINT "allocation_limits_dealer_model_line_period_pk" PRIMARY KEY("dealer","model_line","period"),
	CONSTRAINT "allocation_limits_vehicles" CHECK ("allocation_limits"."vehicles" >= 0)
);
--> statement-breakpoint
CREATE TABLE "allocations" (
	"dealer" text NOT NULL,
	"model_line" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "allocations_dealer_model_line_pk" PRIMARY KEY("dealer","model_line")
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"role" text NOT NULL,
	"partner" text,
	"name" text NOT NULL,
	"hash" "bytea" NOT NULL,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"notification" uuid NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"outcome" text NOT NULL,
	"duration_ms" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "back_orders" (
	"number" text PRIMARY KEY NOT NULL,
	"order_number" text NOT NULL,
	"line" integer NOT NULL,
	"sku" text NOT NULL,
	"storefront" text NOT NULL,
	"customer" uuid NOT NULL,
	"ordered" integer NOT NULL,
	"shortfall" integer NOT NULL,
	"allocated" integer DEFAULT 0 NOT NULL,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"place" bigint NOT NULL,
	"deadline_kind" text,
	"deadline_at" timestamp with time zone,
	"deadline_from" timestamp with time zone,
	"wait_left_seconds" integer,
	"hold_seconds" integer NOT NULL,
	"promised_at" timestamp with time zone,
	"unsourced" boolean DEFAULT false NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"delivery" text,
	"payment" text,
	"ship_to" uuid,
	"deliver_on" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "back_orders_line_once" UNIQUE("order_number","line"),
	CONSTRAINT "back_orders_place" UNIQUE("sku","place"),
	CONSTRAINT "back_orders_allocated" CHECK ("back_orders"."allocated" BETWEEN 0 AND "back_orders"."ordered"),
	CONSTRAINT "back_orders_met" CHECK ("back_orders"."state" NOT IN ('met', 'delivery_requested') OR "back_orders"."allocated" = "back_orders"."ordered"),
	CONSTRAINT "back_orders_deadline" CHECK (("back_orders"."deadline_kind" IS NULL) = ("back_orders"."deadline_at" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "commodities" (
	"code" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "commodity_features" (
	"commodity" text NOT NULL,
	"model_year" text NOT NULL,
	"feature" text NOT NULL,
	CONSTRAINT "commodity_features_commodity_model_year_feature_pk" PRIMARY KEY("commodity","model_year","feature")
);
--> statement-breakpoint
CREATE TABLE "commodity_limits" (
	"commodity" text NOT NULL,
	"period" integer NOT NULL,
	"vehicles" integer NOT NULL,
	CONSTRAINT "commodity_limits_commodity_period_pk" PRIMARY KEY("commodity","period"),
	CONSTRAINT "commodity_limits_vehicles" CHECK ("commodity_limits"."vehicles" >= 0)
);
--> statement-breakpoint
CREATE TABLE "configurations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"storefront" text NOT NULL,
	"model_year" text NOT NULL,
	"model_year_version" integer NOT NULL,
	"fingerprint" text NOT NULL,
	"features" jsonb NOT NULL,
	"base_price_minor" bigint NOT NULL,
	"total_price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"checked_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "custom_orders" (
	"number" text PRIMARY KEY NOT NULL,
	"storefront" text NOT NULL,
	"customer" uuid NOT NULL,
	"phone" text,
	"reference" text,
	"type" text NOT NULL,
	"configuration" uuid NOT NULL,
	"terms" jsonb,
	"dealer" text NOT NULL,
	"turn" integer DEFAULT 1 NOT NULL,
	"state" text NOT NULL,
	"version" integer NOT NULL,
	"dealer_accepted" boolean DEFAULT false NOT NULL,
	"processor_reference" text,
	"refused_by" text,
	"takes_payment" boolean NOT NULL,
	"deposit" text,
	"balance" text,
	"vehicle" text,
	"deadline_kind" text,
	"deadline_at" timestamp with time zone,
	"command" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "custom_orders_vehicle_unique" UNIQUE("vehicle"),
	CONSTRAINT "custom_orders_deadline" CHECK (("custom_orders"."deadline_kind" IS NULL) = ("custom_orders"."deadline_at" IS NULL)),
	CONSTRAINT "custom_orders_vehicle" CHECK ("custom_orders"."state" NOT IN ('accepted', 'completed') OR "custom_orders"."vehicle" IS NOT NULL)
);
--> statement-breakpoint
CREATE TABLE "customers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"storefront" text NOT NULL,
	"member" uuid NOT NULL,
	"name" text,
	"email" text,
	"time_zone" text NOT NULL,
	"verified_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "customers_by_email" UNIQUE("storefront","email"),
	CONSTRAINT "customers_erased" CHECK (("customers"."name" IS NULL) = ("customers"."email" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "dealers" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"latitude" double precision NOT NULL,
	"longitude" double precision NOT NULL,
	"channel" text NOT NULL,
	"lead_format" text NOT NULL,
	"webhook_url" text,
	"email" text,
	"webhook_secret" text NOT NULL,
	"makes" text[] NOT NULL,
	"acknowledge_seconds" integer NOT NULL,
	"remind_seconds" integer NOT NULL,
	"escalate_seconds" integer NOT NULL,
	"status_seconds" integer NOT NULL,
	"close_seconds" integer NOT NULL,
	"match_seconds" integer DEFAULT 172800 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dealers_place" CHECK ("dealers"."latitude" BETWEEN -90 AND 90 AND "dealers"."longitude" BETWEEN -180 AND 180)
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"number" text PRIMARY KEY NOT NULL,
	"order_number" text NOT NULL,
	"back_order" text,
	"storefront" text NOT NULL,
	"ship_to" uuid NOT NULL,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"tracking" text,
	"failure" text,
	"deliver_on" text,
	"collect_on" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "delivery_lines" (
	"delivery" text NOT NULL,
	"sku" text NOT NULL,
	"quantity" integer NOT NULL,
	CONSTRAINT "delivery_lines_delivery_sku_pk" PRIMARY KEY("delivery","sku"),
	CONSTRAINT "delivery_lines_quantity" CHECK ("delivery_lines"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"number" text NOT NULL,
	"sequence" integer NOT NULL,
	"type" text NOT NULL,
	"actor" text NOT NULL,
	"from_state" text,
	"to_state" text,
	"details" jsonb NOT NULL,
	"note" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "events_sequence" UNIQUE("number","sequence")
);
--> statement-breakpoint
CREATE TABLE "failing_steps" (
	"workflow" text NOT NULL,
	"activity" text NOT NULL,
	"kind" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"last_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "failing_steps_workflow_activity_pk" PRIMARY KEY("workflow","activity")
);
--> statement-breakpoint
CREATE TABLE "feature_rules" (
	"model_year" text NOT NULL,
	"place" integer NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"objects" text[] NOT NULL,
	"words" text,
	"from_day" date,
	"until_day" date,
	CONSTRAINT "feature_rules_model_year_place_pk" PRIMARY KEY("model_year","place")
);
--> statement-breakpoint
CREATE TABLE "features" (
	"model_year" text NOT NULL,
	"code" text NOT NULL,
	"place" integer NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"price_minor" bigint NOT NULL,
	"from_day" date,
	"until_day" date,
	CONSTRAINT "features_model_year_code_pk" PRIMARY KEY("model_year","code")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"caller" text NOT NULL,
	"key" text NOT NULL,
	"command" uuid NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"body" jsonb NOT NULL,
	"number" text,
	"lease_until" timestamp with time zone NOT NULL,
	"status" integer,
	"answer" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_caller_key_pk" PRIMARY KEY("caller","key"),
	CONSTRAINT "idempotency_keys_command_unique" UNIQUE("command")
);
--> statement-breakpoint
CREATE TABLE "items" (
	"sku" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"back_orderable" boolean NOT NULL,
	"back_order_cap" integer,
	"wait_seconds" integer,
	"hold_seconds" integer,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "lead_dealers" (
	"lead" text NOT NULL,
	"turn" integer NOT NULL,
	"dealer" text NOT NULL,
	"sent_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "lead_dealers_lead_turn_pk" PRIMARY KEY("lead","turn"),
	CONSTRAINT "lead_dealers_once" UNIQUE("lead","dealer")
);
--> statement-breakpoint
CREATE TABLE "lead_statuses" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"lead" text NOT NULL,
	"dealer" text NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"takes_place_at" timestamp with time zone,
	"note" text,
	"is_late" boolean NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "leads" (
	"number" text PRIMARY KEY NOT NULL,
	"storefront" text NOT NULL,
	"customer" uuid NOT NULL,
	"phone" text,
	"reference" text,
	"vehicle" jsonb NOT NULL,
	"price" jsonb,
	"trade_in" jsonb,
	"comments" text,
	"latitude" double precision NOT NULL,
	"longitude" double precision NOT NULL,
	"another_dealer" boolean NOT NULL,
	"dealer" text NOT NULL,
	"turn" integer DEFAULT 1 NOT NULL,
	"state" text NOT NULL,
	"status" text,
	"lost_reason" text,
	"version" integer NOT NULL,
	"deadline_kind" text,
	"deadline_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "leads_deadline" CHECK (("leads"."deadline_kind" IS NULL) = ("leads"."deadline_at" IS NULL)),
	CONSTRAINT "leads_lost" CHECK (("leads"."state" = 'lost') = ("leads"."lost_reason" IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "makes" (
	"code" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "match_offers" (
	"match_request" text NOT NULL,
	"vehicle" text NOT NULL,
	"offered_at" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"outcome" text NOT NULL,
	CONSTRAINT "match_offers_match_request_vehicle_pk" PRIMARY KEY("match_request","vehicle")
);
--> statement-breakpoint
CREATE TABLE "match_requests" (
	"number" text PRIMARY KEY NOT NULL,
	"storefront" text NOT NULL,
	"customer" uuid NOT NULL,
	"reference" text,
	"wish" jsonb NOT NULL,
	"make" text NOT NULL,
	"model" text NOT NULL,
	"place" bigserial NOT NULL,
	"state" text NOT NULL,
	"version" integer NOT NULL,
	"valid_until" timestamp with time zone NOT NULL,
	"tag" text,
	"deadline_kind" text,
	"deadline_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "match_requests_deadline" CHECK (("match_requests"."deadline_kind" IS NULL) = ("match_requests"."deadline_at" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "members" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text,
	"email" text,
	"phone" text,
	"address" uuid,
	"merged_into" uuid,
	"version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"erasing_since" timestamp with time zone,
	"erased_at" timestamp with time zone,
	CONSTRAINT "members_not_itself" CHECK ("members"."merged_into" <> "members"."id"),
	CONSTRAINT "members_erased" CHECK ("members"."erasing_since" IS NULL OR ("members"."name" IS NULL AND "members"."email" IS NULL AND "members"."phone" IS NULL AND "members"."address" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "model_lines" (
	"code" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "model_years" (
	"id" text PRIMARY KEY NOT NULL,
	"make" text NOT NULL,
	"model" text NOT NULL,
	"year" integer NOT NULL,
	"model_line" text NOT NULL,
	"currency" text NOT NULL,
	"base_price_minor" bigint NOT NULL,
	"from_day" date,
	"until_day" date,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "model_years_once" UNIQUE("make","model","year")
);
--> statement-breakpoint
CREATE TABLE "models" (
	"make" text NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "models_make_code_pk" PRIMARY KEY("make","code")
);
--> statement-breakpoint
CREATE TABLE "notifications" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"event" bigint NOT NULL,
	"number" text NOT NULL,
	"channel" text NOT NULL,
	"recipient" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_attempt_at" timestamp with time zone,
	"last_failure" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notifications_once" UNIQUE("event","channel","recipient")
);
--> statement-breakpoint
CREATE TABLE "order_lines" (
	"order_number" text NOT NULL,
	"line" integer NOT NULL,
	"sku" text NOT NULL,
	"ordered" integer NOT NULL,
	"available" integer,
	"shortfall" integer,
	"allocated" integer DEFAULT 0 NOT NULL,
	"state" text NOT NULL,
	"choice" text,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"expected_at" timestamp with time zone,
	CONSTRAINT "order_lines_order_number_line_pk" PRIMARY KEY("order_number","line"),
	CONSTRAINT "order_lines_item_once" UNIQUE("order_number","sku"),
	CONSTRAINT "order_lines_allocated_range" CHECK ("order_lines"."allocated" BETWEEN 0 AND "order_lines"."ordered")
);
--> statement-breakpoint
CREATE TABLE "order_priorities" (
	"type" text PRIMARY KEY NOT NULL,
	"priority" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "order_terms" (
	"kind" text NOT NULL,
	"currency" text NOT NULL,
	"deposit_minor" bigint NOT NULL,
	"fee_minor" bigint NOT NULL,
	"refund_banked" text NOT NULL,
	"refund_scheduled" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "order_terms_kind_currency_pk" PRIMARY KEY("kind","currency"),
	CONSTRAINT "order_terms_amounts" CHECK ("order_terms"."deposit_minor" >= 0 AND "order_terms"."fee_minor" BETWEEN 0 AND "order_terms"."deposit_minor")
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"number" text PRIMARY KEY NOT NULL,
	"storefront" text NOT NULL,
	"customer" uuid NOT NULL,
	"ship_to" uuid NOT NULL,
	"reference" text,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"offer_seconds" integer,
	"deadline_kind" text,
	"deadline_at" timestamp with time zone,
	"link_version" integer DEFAULT 1 NOT NULL,
	"command" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "orders_deadline" CHECK (("orders"."deadline_kind" IS NULL) = ("orders"."deadline_at" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "payments" (
	"number" text PRIMARY KEY NOT NULL,
	"pays_for" text NOT NULL,
	"purpose" text NOT NULL,
	"storefront" text NOT NULL,
	"customer" uuid NOT NULL,
	"amount_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"capture" text NOT NULL,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"captured_minor" bigint DEFAULT 0 NOT NULL,
	"refunded_minor" bigint DEFAULT 0 NOT NULL,
	"pay_url" text,
	"sessions" integer DEFAULT 0 NOT NULL,
	"session" text,
	"session_url" text,
	"intent" text,
	"capture_attempt" integer DEFAULT 1 NOT NULL,
	"declined" text,
	"failure" text,
	"withdrawn" boolean DEFAULT false NOT NULL,
	"deadline_at" timestamp with time zone,
	"authorised_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "payments_amount" CHECK ("payments"."amount_minor" > 0),
	CONSTRAINT "payments_balance" CHECK (0 <= "payments"."refunded_minor" AND "payments"."refunded_minor" <= "payments"."captured_minor" AND "payments"."captured_minor" <= "payments"."amount_minor")
);
--> statement-breakpoint
CREATE TABLE "periods" (
	"kind" text PRIMARY KEY NOT NULL,
	"default_seconds" integer NOT NULL,
	"min_seconds" integer NOT NULL,
	"max_seconds" integer NOT NULL,
	CONSTRAINT "periods_in_order" CHECK (0 < "periods"."min_seconds" AND "periods"."min_seconds" <= "periods"."default_seconds" AND "periods"."default_seconds" <= "periods"."max_seconds")
);
--> statement-breakpoint
CREATE TABLE "plant_capacities" (
	"plant" text NOT NULL,
	"period" integer NOT NULL,
	"slots" integer NOT NULL,
	CONSTRAINT "plant_capacities_plant_period_pk" PRIMARY KEY("plant","period"),
	CONSTRAINT "plant_capacities_slots" CHECK ("plant_capacities"."slots" >= 0)
);
--> statement-breakpoint
CREATE TABLE "plants" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"model_lines" text[] NOT NULL,
	"freeze_seconds" integer NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plants_freeze" CHECK ("plants"."freeze_seconds" >= 0)
);
--> statement-breakpoint
CREATE TABLE "postcodes" (
	"country" text NOT NULL,
	"postcode" text NOT NULL,
	"latitude" double precision NOT NULL,
	"longitude" double precision NOT NULL,
	CONSTRAINT "postcodes_country_postcode_pk" PRIMARY KEY("country","postcode"),
	CONSTRAINT "postcodes_place" CHECK ("postcodes"."latitude" BETWEEN -90 AND 90 AND "postcodes"."longitude" BETWEEN -180 AND 180)
);
--> statement-breakpoint
CREATE TABLE "production_periods" (
	"ordinal" integer PRIMARY KEY NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "production_periods_in_order" CHECK ("production_periods"."starts_at" < "production_periods"."ends_at")
);
--> statement-breakpoint
CREATE TABLE "purchase_order_lines" (
	"purchase_order" text NOT NULL,
	"line" integer NOT NULL,
	"sku" text NOT NULL,
	"requested" integer NOT NULL,
	"agreed" integer NOT NULL,
	"accepted" integer,
	"received" integer DEFAULT 0 NOT NULL,
	"closed" boolean DEFAULT false NOT NULL,
	"closed_because" text,
	"change_requested" integer,
	"price_minor" bigint NOT NULL,
	"expected_at" timestamp with time zone NOT NULL,
	CONSTRAINT "purchase_order_lines_purchase_order_line_pk" PRIMARY KEY("purchase_order","line"),
	CONSTRAINT "purchase_order_lines_range" CHECK ("purchase_order_lines"."agreed" BETWEEN 0 AND "purchase_order_lines"."requested" AND "purchase_order_lines"."received" >= 0)
);
--> statement-breakpoint
CREATE TABLE "purchase_orders" (
	"number" text PRIMARY KEY NOT NULL,
	"supplier" text NOT NULL,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"currency" text NOT NULL,
	"deadline_kind" text,
	"deadline_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "receipt_lines" (
	"receipt" uuid NOT NULL,
	"line" integer NOT NULL,
	"sku" text NOT NULL,
	"purchase_order" text,
	"purchase_order_line" integer,
	"received" integer NOT NULL,
	"rejected" integer NOT NULL,
	"reason" text,
	CONSTRAINT "receipt_lines_receipt_line_pk" PRIMARY KEY("receipt","line")
);
--> statement-breakpoint
CREATE TABLE "receipts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"supplier" text NOT NULL,
	"reference" text NOT NULL,
	"body_hash" "bytea" NOT NULL,
	"answer" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "receipts_reference_once" UNIQUE("supplier","reference")
);
--> statement-breakpoint
CREATE TABLE "refunds" (
	"payment" text NOT NULL,
	"sequence" integer NOT NULL,
	"amount_minor" bigint NOT NULL,
	"asked_by" text NOT NULL,
	"state" text NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"reference" text,
	"failure" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "refunds_payment_sequence_pk" PRIMARY KEY("payment","sequence"),
	CONSTRAINT "refunds_amount" CHECK ("refunds"."amount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "schedule_lines" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"purchase_order" text NOT NULL,
	"line" integer NOT NULL,
	"quantity" integer NOT NULL,
	"expected_at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "schedule_requests" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"of_plan" boolean NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "specifications" (
	"fingerprint" text PRIMARY KEY NOT NULL,
	"model_year" text NOT NULL,
	"features" text[] NOT NULL,
	"stocked" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "steps" (
	"key" text PRIMARY KEY NOT NULL,
	"workflow" text,
	"result" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "stock_levels" (
	"sku" text PRIMARY KEY NOT NULL,
	"on_hand" integer DEFAULT 0 NOT NULL,
	"allocated" integer DEFAULT 0 NOT NULL,
	"outbound" integer DEFAULT 0 NOT NULL,
	"outstanding" integer DEFAULT 0 NOT NULL,
	"last_place" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "stock_levels_allocated" CHECK ("stock_levels"."allocated" BETWEEN 0 AND "stock_levels"."on_hand"),
	CONSTRAINT "stock_levels_outbound" CHECK ("stock_levels"."outbound" >= 0),
	CONSTRAINT "stock_levels_outstanding" CHECK ("stock_levels"."outstanding" >= 0)
);
--> statement-breakpoint
CREATE TABLE "stock_movements" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"sku" text NOT NULL,
	"kind" text NOT NULL,
	"quantity" integer NOT NULL,
	"cause" text NOT NULL,
	"step" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "stock_movements_once" UNIQUE("step","cause","sku","kind"),
	CONSTRAINT "stock_movements_quantity" CHECK ("stock_movements"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "storefronts" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"mail_name" text NOT NULL,
	"reply_to" text NOT NULL,
	"takes_payment" boolean DEFAULT false NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supplier_items" (
	"supplier" text NOT NULL,
	"sku" text NOT NULL,
	"rank" integer NOT NULL,
	"lead_seconds" integer NOT NULL,
	"pack_size" integer NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"passed_over_until" timestamp with time zone,
	CONSTRAINT "supplier_items_supplier_sku_pk" PRIMARY KEY("supplier","sku"),
	CONSTRAINT "supplier_items_pack_size" CHECK ("supplier_items"."pack_size" > 0)
);
--> statement-breakpoint
CREATE TABLE "suppliers" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"channel" text NOT NULL,
	"webhook_url" text,
	"email" text,
	"webhook_secret" text NOT NULL,
	"gather_seconds" integer NOT NULL,
	"acknowledge_seconds" integer NOT NULL,
	"remind_seconds" integer NOT NULL,
	"overdue_seconds" integer NOT NULL,
	"pass_over_seconds" integer NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tags" (
	"number" text PRIMARY KEY NOT NULL,
	"vehicle" text NOT NULL,
	"storefront" text NOT NULL,
	"customer" uuid NOT NULL,
	"reference" text,
	"dealer" text NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"wish" jsonb NOT NULL,
	"match_request" text,
	"state" text NOT NULL,
	"version" integer NOT NULL,
	"silent_since" timestamp with time zone,
	"deadline_kind" text,
	"deadline_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "tags_deadline" CHECK (("tags"."deadline_kind" IS NULL) = ("tags"."deadline_at" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "vehicle_availability" (
	"vehicle" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"tag" text,
	"match_request" text,
	"offered_until" timestamp with time zone,
	"dealer" text NOT NULL,
	"specification" text NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"listed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "vehicle_availability_tagged" CHECK (("vehicle_availability"."state" = 'tagged') = ("vehicle_availability"."tag" IS NOT NULL)),
	CONSTRAINT "vehicle_availability_offered" CHECK (("vehicle_availability"."state" = 'offered') = ("vehicle_availability"."match_request" IS NOT NULL) AND ("vehicle_availability"."match_request" IS NULL) = ("vehicle_availability"."offered_until" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "vehicles" (
	"number" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"dealer" text NOT NULL,
	"specification" text NOT NULL,
	"model_line" text NOT NULL,
	"price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"place" bigserial NOT NULL,
	"plant" text,
	"period" integer,
	"held_by" text,
	"buyer" text,
	"storefront" text,
	"customer" uuid,
	"vin" text,
	"banked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "vehicles_vin" UNIQUE("vin"),
	CONSTRAINT "vehicles_slot" CHECK (("vehicles"."plant" IS NULL) = ("vehicles"."period" IS NULL)),
	CONSTRAINT "vehicles_scheduled" CHECK ("vehicles"."state" <> 'scheduled' OR "vehicles"."plant" IS NOT NULL),
	CONSTRAINT "vehicles_banked" CHECK ("vehicles"."state" <> 'banked' OR "vehicles"."plant" IS NULL),
	CONSTRAINT "vehicles_buyer_told" CHECK (("vehicles"."buyer" IS NULL) = ("vehicles"."customer" IS NULL) AND ("vehicles"."customer" IS NULL) = ("vehicles"."storefront" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "wakes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"workflow" text NOT NULL,
	"step" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoints" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"storefront" text NOT NULL,
	"url" text NOT NULL,
	"secret" text NOT NULL,
	"disabled_at" timestamp with time zone,
	"disabled_because" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "allocation_limits" ADD CONSTRAINT "allocation_limits_period_production_periods_ordinal_fk" FOREIGN KEY ("period") REFERENCES "public"."production_periods"("ordinal") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "allocation_limits" ADD CONSTRAINT "allocation_limits_dealer_model_line_allocations_dealer_model_line_fk" FOREIGN KEY ("dealer","model_line") REFERENCES "public"."allocations"("dealer","model_line") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "allocations" ADD CONSTRAINT "allocations_dealer_dealers_id_fk" FOREIGN KEY ("dealer") REFERENCES "public"."dealers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "allocations" ADD CONSTRAINT "allocations_model_line_model_lines_code_fk" FOREIGN KEY ("model_line") REFERENCES "public"."model_lines"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_notification_notifications_id_fk" FOREIGN KEY ("notification") REFERENCES "public"."notifications"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "back_orders" ADD CONSTRAINT "back_orders_ship_to_addresses_id_fk" FOREIGN KEY ("ship_to") REFERENCES "public"."addresses"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commodity_features" ADD CONSTRAINT "commodity_features_commodity_commodities_code_fk" FOREIGN KEY ("commodity") REFERENCES "public"."commodities"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commodity_features" ADD CONSTRAINT "commodity_features_model_year_model_years_id_fk" FOREIGN KEY ("model_year") REFERENCES "public"."model_years"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commodity_limits" ADD CONSTRAINT "commodity_limits_commodity_commodities_code_fk" FOREIGN KEY ("commodity") REFERENCES "public"."commodities"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commodity_limits" ADD CONSTRAINT "commodity_limits_period_production_periods_ordinal_fk" FOREIGN KEY ("period") REFERENCES "public"."production_periods"("ordinal") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "configurations" ADD CONSTRAINT "configurations_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "configurations" ADD CONSTRAINT "configurations_model_year_model_years_id_fk" FOREIGN KEY ("model_year") REFERENCES "public"."model_years"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "configurations" ADD CONSTRAINT "configurations_fingerprint_specifications_fingerprint_fk" FOREIGN KEY ("fingerprint") REFERENCES "public"."specifications"("fingerprint") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "custom_orders" ADD CONSTRAINT "custom_orders_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "custom_orders" ADD CONSTRAINT "custom_orders_customer_customers_id_fk" FOREIGN KEY ("customer") REFERENCES "public"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "custom_orders" ADD CONSTRAINT "custom_orders_configuration_configurations_id_fk" FOREIGN KEY ("configuration") REFERENCES "public"."configurations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "custom_orders" ADD CONSTRAINT "custom_orders_dealer_dealers_id_fk" FOREIGN KEY ("dealer") REFERENCES "public"."dealers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "custom_orders" ADD CONSTRAINT "custom_orders_deposit_payments_number_fk" FOREIGN KEY ("deposit") REFERENCES "public"."payments"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "custom_orders" ADD CONSTRAINT "custom_orders_balance_payments_number_fk" FOREIGN KEY ("balance") REFERENCES "public"."payments"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "custom_orders" ADD CONSTRAINT "custom_orders_vehicle_vehicles_number_fk" FOREIGN KEY ("vehicle") REFERENCES "public"."vehicles"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "customers" ADD CONSTRAINT "customers_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "customers" ADD CONSTRAINT "customers_member_members_id_fk" FOREIGN KEY ("member") REFERENCES "public"."members"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_order_number_orders_number_fk" FOREIGN KEY ("order_number") REFERENCES "public"."orders"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_back_order_back_orders_number_fk" FOREIGN KEY ("back_order") REFERENCES "public"."back_orders"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_ship_to_addresses_id_fk" FOREIGN KEY ("ship_to") REFERENCES "public"."addresses"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "delivery_lines" ADD CONSTRAINT "delivery_lines_delivery_deliveries_number_fk" FOREIGN KEY ("delivery") REFERENCES "public"."deliveries"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "feature_rules" ADD CONSTRAINT "feature_rules_model_year_model_years_id_fk" FOREIGN KEY ("model_year") REFERENCES "public"."model_years"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "features" ADD CONSTRAINT "features_model_year_model_years_id_fk" FOREIGN KEY ("model_year") REFERENCES "public"."model_years"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lead_dealers" ADD CONSTRAINT "lead_dealers_lead_leads_number_fk" FOREIGN KEY ("lead") REFERENCES "public"."leads"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lead_dealers" ADD CONSTRAINT "lead_dealers_dealer_dealers_id_fk" FOREIGN KEY ("dealer") REFERENCES "public"."dealers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lead_statuses" ADD CONSTRAINT "lead_statuses_lead_leads_number_fk" FOREIGN KEY ("lead") REFERENCES "public"."leads"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leads" ADD CONSTRAINT "leads_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leads" ADD CONSTRAINT "leads_customer_customers_id_fk" FOREIGN KEY ("customer") REFERENCES "public"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leads" ADD CONSTRAINT "leads_dealer_dealers_id_fk" FOREIGN KEY ("dealer") REFERENCES "public"."dealers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "match_offers" ADD CONSTRAINT "match_offers_match_request_match_requests_number_fk" FOREIGN KEY ("match_request") REFERENCES "public"."match_requests"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "match_offers" ADD CONSTRAINT "match_offers_vehicle_vehicles_number_fk" FOREIGN KEY ("vehicle") REFERENCES "public"."vehicles"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "match_requests" ADD CONSTRAINT "match_requests_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "match_requests" ADD CONSTRAINT "match_requests_customer_customers_id_fk" FOREIGN KEY ("customer") REFERENCES "public"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_address_addresses_id_fk" FOREIGN KEY ("address") REFERENCES "public"."addresses"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_merged_into_members_id_fk" FOREIGN KEY ("merged_into") REFERENCES "public"."members"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_years" ADD CONSTRAINT "model_years_model_line_model_lines_code_fk" FOREIGN KEY ("model_line") REFERENCES "public"."model_lines"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_years" ADD CONSTRAINT "model_years_make_model_models_make_code_fk" FOREIGN KEY ("make","model") REFERENCES "public"."models"("make","code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_make_makes_code_fk" FOREIGN KEY ("make") REFERENCES "public"."makes"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "order_lines" ADD CONSTRAINT "order_lines_order_number_orders_number_fk" FOREIGN KEY ("order_number") REFERENCES "public"."orders"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "order_lines" ADD CONSTRAINT "order_lines_sku_items_sku_fk" FOREIGN KEY ("sku") REFERENCES "public"."items"("sku") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_customers_id_fk" FOREIGN KEY ("customer") REFERENCES "public"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_ship_to_addresses_id_fk" FOREIGN KEY ("ship_to") REFERENCES "public"."addresses"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_customer_customers_id_fk" FOREIGN KEY ("customer") REFERENCES "public"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plant_capacities" ADD CONSTRAINT "plant_capacities_plant_plants_id_fk" FOREIGN KEY ("plant") REFERENCES "public"."plants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plant_capacities" ADD CONSTRAINT "plant_capacities_period_production_periods_ordinal_fk" FOREIGN KEY ("period") REFERENCES "public"."production_periods"("ordinal") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "purchase_order_lines" ADD CONSTRAINT "purchase_order_lines_purchase_order_purchase_orders_number_fk" FOREIGN KEY ("purchase_order") REFERENCES "public"."purchase_orders"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "purchase_orders" ADD CONSTRAINT "purchase_orders_supplier_suppliers_id_fk" FOREIGN KEY ("supplier") REFERENCES "public"."suppliers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "receipt_lines" ADD CONSTRAINT "receipt_lines_receipt_receipts_id_fk" FOREIGN KEY ("receipt") REFERENCES "public"."receipts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "receipts" ADD CONSTRAINT "receipts_supplier_suppliers_id_fk" FOREIGN KEY ("supplier") REFERENCES "public"."suppliers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_payment_payments_number_fk" FOREIGN KEY ("payment") REFERENCES "public"."payments"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "specifications" ADD CONSTRAINT "specifications_model_year_model_years_id_fk" FOREIGN KEY ("model_year") REFERENCES "public"."model_years"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stock_levels" ADD CONSTRAINT "stock_levels_sku_items_sku_fk" FOREIGN KEY ("sku") REFERENCES "public"."items"("sku") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supplier_items" ADD CONSTRAINT "supplier_items_supplier_suppliers_id_fk" FOREIGN KEY ("supplier") REFERENCES "public"."suppliers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supplier_items" ADD CONSTRAINT "supplier_items_sku_items_sku_fk" FOREIGN KEY ("sku") REFERENCES "public"."items"("sku") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tags" ADD CONSTRAINT "tags_vehicle_vehicles_number_fk" FOREIGN KEY ("vehicle") REFERENCES "public"."vehicles"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tags" ADD CONSTRAINT "tags_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tags" ADD CONSTRAINT "tags_customer_customers_id_fk" FOREIGN KEY ("customer") REFERENCES "public"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tags" ADD CONSTRAINT "tags_dealer_dealers_id_fk" FOREIGN KEY ("dealer") REFERENCES "public"."dealers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vehicle_availability" ADD CONSTRAINT "vehicle_availability_vehicle_vehicles_number_fk" FOREIGN KEY ("vehicle") REFERENCES "public"."vehicles"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vehicles" ADD CONSTRAINT "vehicles_dealer_dealers_id_fk" FOREIGN KEY ("dealer") REFERENCES "public"."dealers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vehicles" ADD CONSTRAINT "vehicles_specification_specifications_fingerprint_fk" FOREIGN KEY ("specification") REFERENCES "public"."specifications"("fingerprint") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vehicles" ADD CONSTRAINT "vehicles_model_line_model_lines_code_fk" FOREIGN KEY ("model_line") REFERENCES "public"."model_lines"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vehicles" ADD CONSTRAINT "vehicles_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vehicles" ADD CONSTRAINT "vehicles_customer_customers_id_fk" FOREIGN KEY ("customer") REFERENCES "public"."customers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_endpoints" ADD CONSTRAINT "webhook_endpoints_storefront_storefronts_id_fk" FOREIGN KEY ("storefront") REFERENCES "public"."storefronts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attempts_by_notification" ON "attempts" USING btree ("notification","id");--> statement-breakpoint
CREATE INDEX "back_orders_waiting" ON "back_orders" USING btree ("sku","place") WHERE "back_orders"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "back_orders_holding" ON "back_orders" USING btree ("sku","place") WHERE "back_orders"."allocated" > 0 AND "back_orders"."state" IN ('waiting', 'met', 'delivery_requested');--> statement-breakpoint
CREATE INDEX "back_orders_by_storefront" ON "back_orders" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE INDEX "back_orders_open" ON "back_orders" USING btree ("created_at","number") WHERE "back_orders"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "custom_orders_by_storefront" ON "custom_orders" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE INDEX "custom_orders_by_dealer" ON "custom_orders" USING btree ("dealer","created_at","number");--> statement-breakpoint
CREATE INDEX "custom_orders_by_customer" ON "custom_orders" USING btree ("customer");--> statement-breakpoint
CREATE INDEX "custom_orders_open" ON "custom_orders" USING btree ("created_at","number") WHERE "custom_orders"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "customers_by_storefront" ON "customers" USING btree ("storefront","created_at","id");--> statement-breakpoint
CREATE INDEX "customers_by_member" ON "customers" USING btree ("member");--> statement-breakpoint
CREATE INDEX "deliveries_by_tracking" ON "deliveries" USING btree ("tracking");--> statement-breakpoint
CREATE INDEX "deliveries_by_order" ON "deliveries" USING btree ("order_number");--> statement-breakpoint
CREATE INDEX "deliveries_by_storefront" ON "deliveries" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE UNIQUE INDEX "deliveries_open_by_back_order" ON "deliveries" USING btree ("back_order") WHERE "deliveries"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "deliveries_open" ON "deliveries" USING btree ("created_at","number") WHERE "deliveries"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "idempotency_keys_by_age" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "idempotency_keys_by_number" ON "idempotency_keys" USING btree ("number");--> statement-breakpoint
CREATE INDEX "lead_statuses_by_lead" ON "lead_statuses" USING btree ("lead","id");--> statement-breakpoint
CREATE INDEX "leads_by_storefront" ON "leads" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE INDEX "leads_by_dealer" ON "leads" USING btree ("dealer","created_at","number");--> statement-breakpoint
CREATE INDEX "leads_by_customer" ON "leads" USING btree ("customer");--> statement-breakpoint
CREATE INDEX "leads_open" ON "leads" USING btree ("created_at","number") WHERE "leads"."ended_at" IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "match_offers_open_request" ON "match_offers" USING btree ("match_request") WHERE "match_offers"."outcome" = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "match_offers_open_vehicle" ON "match_offers" USING btree ("vehicle") WHERE "match_offers"."outcome" = 'open';--> statement-breakpoint
CREATE INDEX "match_requests_waiting" ON "match_requests" USING btree ("make","model","place") WHERE "match_requests"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "match_requests_by_storefront" ON "match_requests" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE INDEX "match_requests_by_customer" ON "match_requests" USING btree ("customer");--> statement-breakpoint
CREATE INDEX "match_requests_open" ON "match_requests" USING btree ("created_at","number") WHERE "match_requests"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "members_by_age" ON "members" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "members_merged" ON "members" USING btree ("merged_into") WHERE "members"."merged_into" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "members_erasing" ON "members" USING btree ("erasing_since") WHERE "members"."erasing_since" IS NOT NULL AND "members"."erased_at" IS NULL;--> statement-breakpoint
CREATE INDEX "notifications_by_number" ON "notifications" USING btree ("number","created_at");--> statement-breakpoint
CREATE INDEX "notifications_abandoned" ON "notifications" USING btree ("created_at") WHERE "notifications"."state" = 'abandoned';--> statement-breakpoint
CREATE INDEX "notifications_overdue" ON "notifications" USING btree ("created_at") WHERE "notifications"."state" IN ('pending', 'retrying');--> statement-breakpoint
CREATE INDEX "order_lines_allocated" ON "order_lines" USING btree ("sku") WHERE "order_lines"."allocated" > 0;--> statement-breakpoint
CREATE INDEX "orders_by_storefront" ON "orders" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE INDEX "orders_by_customer" ON "orders" USING btree ("customer");--> statement-breakpoint
CREATE INDEX "orders_unplaced" ON "orders" USING btree ("created_at") WHERE "orders"."state" = 'received';--> statement-breakpoint
CREATE INDEX "orders_open" ON "orders" USING btree ("created_at","number") WHERE "orders"."ended_at" IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "payments_once" ON "payments" USING btree ("pays_for","purpose") WHERE NOT "payments"."withdrawn" AND "payments"."state" NOT IN ('voided', 'expired', 'refunded');--> statement-breakpoint
CREATE INDEX "payments_by_owner" ON "payments" USING btree ("pays_for");--> statement-breakpoint
CREATE INDEX "payments_by_storefront" ON "payments" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE INDEX "payments_by_customer" ON "payments" USING btree ("customer");--> statement-breakpoint
CREATE INDEX "payments_open" ON "payments" USING btree ("created_at","number") WHERE "payments"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "purchase_order_lines_open" ON "purchase_order_lines" USING btree ("sku","expected_at") WHERE NOT "purchase_order_lines"."closed";--> statement-breakpoint
CREATE INDEX "purchase_orders_by_supplier" ON "purchase_orders" USING btree ("supplier","created_at","number");--> statement-breakpoint
CREATE INDEX "purchase_orders_open" ON "purchase_orders" USING btree ("created_at","number") WHERE "purchase_orders"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "schedule_lines_by_line" ON "schedule_lines" USING btree ("purchase_order","line","expected_at");--> statement-breakpoint
CREATE INDEX "specifications_stocked" ON "specifications" USING btree ("model_year") WHERE "specifications"."stocked";--> statement-breakpoint
CREATE INDEX "steps_by_age" ON "steps" USING btree ("at");--> statement-breakpoint
CREATE INDEX "stock_movements_by_sku" ON "stock_movements" USING btree ("sku","id");--> statement-breakpoint
CREATE INDEX "supplier_items_by_sku" ON "supplier_items" USING btree ("sku","rank","supplier");--> statement-breakpoint
CREATE UNIQUE INDEX "tags_open_vehicle" ON "tags" USING btree ("vehicle") WHERE "tags"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "tags_by_storefront" ON "tags" USING btree ("storefront","created_at","number");--> statement-breakpoint
CREATE INDEX "tags_by_dealer" ON "tags" USING btree ("dealer","created_at","number");--> statement-breakpoint
CREATE INDEX "tags_by_customer" ON "tags" USING btree ("customer");--> statement-breakpoint
CREATE INDEX "tags_open" ON "tags" USING btree ("created_at","number") WHERE "tags"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "vehicle_availability_search" ON "vehicle_availability" USING btree ("specification","price_minor","vehicle","dealer","currency") WHERE "vehicle_availability"."state" = 'available';--> statement-breakpoint
CREATE INDEX "vehicle_availability_by_dealer" ON "vehicle_availability" USING btree ("dealer","vehicle");--> statement-breakpoint
CREATE UNIQUE INDEX "vehicles_buyer" ON "vehicles" USING btree ("buyer") WHERE "vehicles"."state" <> 'cancelled';--> statement-breakpoint
CREATE INDEX "vehicles_in_bank" ON "vehicles" USING btree ("model_line","type","place") WHERE "vehicles"."state" IN ('banked', 'scheduled', 'in_production');--> statement-breakpoint
CREATE INDEX "vehicles_in_slots" ON "vehicles" USING btree ("period","plant") WHERE "vehicles"."period" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "vehicles_by_dealer" ON "vehicles" USING btree ("dealer","banked_at","number");--> statement-breakpoint
CREATE INDEX "wakes_by_step" ON "wakes" USING btree ("step");--> statement-breakpoint
CREATE INDEX "wakes_by_age" ON "wakes" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "webhook_endpoints_active" ON "webhook_endpoints" USING btree ("storefront") WHERE "webhook_endpoints"."disabled_at" IS NULL;