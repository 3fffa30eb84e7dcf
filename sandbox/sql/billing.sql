-- Invoicing. Its connector is signalled over Kafka and writes its watermarks into the signal table.
CREATE TABLE public.debezium_signal (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048) NULL);

CREATE TABLE public.invoices (
    id bigint PRIMARY KEY,
    number text NOT NULL UNIQUE,
    customer_ref uuid NOT NULL,
    net numeric(12, 2) NOT NULL,
    vat numeric(12, 2) NOT NULL,
    issued_on date NOT NULL,
    paid_at timestamptz
);
INSERT INTO public.invoices
SELECT n, 'INV-2026-' || lpad(n::text, 6, '0'), md5('customer' || n % 2000)::uuid, (n * 71 % 50000) / 100.0,
    (n * 71 % 50000) / 500.0, date '2026-01-01' + n % 300,
    CASE WHEN n % 3 > 0 THEN timestamptz '2026-02-01 00:00+00' + n * interval '5 minutes' END
FROM generate_series(1, 15000) AS n;

CREATE TABLE public.payments (
    id uuid PRIMARY KEY,
    invoice_id bigint NOT NULL REFERENCES public.invoices,
    amount numeric(12, 2) NOT NULL,
    method text NOT NULL,
    received_at timestamptz NOT NULL
);
INSERT INTO public.payments
SELECT md5('payment' || n)::uuid, n, (n * 71 % 50000) / 100.0, (ARRAY['card', 'transfer', 'debit'])[1 + n % 3],
    timestamptz '2026-02-01 00:00+00' + n * interval '5 minutes'
FROM generate_series(1, 6000) AS n;

CREATE TABLE public.tax_rates (country char(2) NOT NULL, category text NOT NULL, rate numeric(5, 2) NOT NULL, PRIMARY KEY (country, category));
INSERT INTO public.tax_rates
SELECT country, category, 19 + length(category) / 10.0
FROM unnest(ARRAY['DE', 'FR', 'NL', 'PL', 'SE']) AS country, unnest(ARRAY['standard', 'reduced']) AS category;

CREATE TABLE public.refunds (id integer PRIMARY KEY, invoice_id bigint NOT NULL, amount numeric(12, 2) NOT NULL, reason text);
INSERT INTO public.refunds
SELECT n, n * 50, n * 3.2, nullif('reason ' || n % 4, 'reason 0') FROM generate_series(1, 60) AS n;

-- Empty: a snapshot of it ends as EMPTY.
CREATE TABLE public.dunning_letters (id integer PRIMARY KEY, invoice_id bigint NOT NULL, level smallint NOT NULL, sent_at timestamptz);
