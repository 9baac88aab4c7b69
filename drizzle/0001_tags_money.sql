ALTER TABLE "tags" ADD COLUMN "terms" jsonb;--> statement-breakpoint
ALTER TABLE "tags" ADD COLUMN "takes_payment" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tags" ADD COLUMN "deposit" text;--> statement-breakpoint
ALTER TABLE "tags" ADD COLUMN "balance" text;--> statement-breakpoint
ALTER TABLE "tags" ADD COLUMN "dealer_accepted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tags" ADD COLUMN "processor_reference" text;--> statement-breakpoint
ALTER TABLE "tags" ADD COLUMN "refused_by" text;--> statement-breakpoint
ALTER TABLE "tags" ADD CONSTRAINT "tags_deposit_payments_number_fk" FOREIGN KEY ("deposit") REFERENCES "public"."payments"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tags" ADD CONSTRAINT "tags_balance_payments_number_fk" FOREIGN KEY ("balance") REFERENCES "public"."payments"("number") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tags" DROP COLUMN "silent_since";