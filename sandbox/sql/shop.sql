-- An online shop. Its connector is signalled by its signal table alone.
CREATE SCHEMA inventory;

CREATE TABLE public.debezium_signal (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048) NULL);

CREATE TABLE public.customers (
    id integer PRIMARY KEY,
    public_id uuid NOT NULL UNIQUE,
    email text NOT NULL UNIQUE,
    full_name text NOT NULL,
    country char(2) NOT NULL,
    created_at timestamptz NOT NULL
);
INSERT INTO public.customers
SELECT n, md5('customer' || n)::uuid, 'customer' || n || '@shop.example', 'Customer ' || n,
    (ARRAY['DE', 'FR', 'NL', 'PL', 'SE'])[1 + n % 5], timestamptz '2024-01-01 08:00+00' + n * interval '97 minutes'
FROM generate_series(1, 2000) AS n;

CREATE TABLE public.products (
    id integer PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    title text NOT NULL,
    price numeric(10, 2) NOT NULL,
    weight_grams integer,
    attributes jsonb NOT NULL
);
INSERT INTO public.products
SELECT n, 'SKU-' || lpad(n::text, 5, '0'), 'Product ' || n, (n * 37 % 9000) / 100.0 + 0.99, nullif(n * 13 % 5000, 0),
    jsonb_build_object('colour', (ARRAY['red', 'green', 'blue'])[1 + n % 3], 'size', n % 12)
FROM generate_series(1, 300) AS n;

CREATE TABLE public.orders (
    id bigint PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES public.customers,
    status text NOT NULL,
    total numeric(12, 2) NOT NULL,
    placed_at timestamptz NOT NULL
);
INSERT INTO public.orders
SELECT n, 1 + n % 2000, (ARRAY['new', 'paid', 'shipped', 'returned'])[1 + n % 4], (n * 71 % 50000) / 100.0,
    timestamptz '2025-01-01 00:00+00' + n * interval '11 minutes'
FROM generate_series(1, 12000) AS n;

-- The orders of the old shop: a name that differs from `orders` by a capital letter only.
CREATE TABLE public."Orders" (id integer PRIMARY KEY, legacy_number text NOT NULL, total numeric(12, 2) NOT NULL);
INSERT INTO public."Orders"
SELECT n, 'L-' || n, n * 1.5 FROM generate_series(1, 40) AS n;

CREATE TABLE public.order_items (
    order_id bigint NOT NULL REFERENCES public.orders,
    line_no smallint NOT NULL,
    product_id integer NOT NULL REFERENCES public.products,
    quantity integer NOT NULL,
    unit_price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line_no)
);
INSERT INTO public.order_items
SELECT o, l, 1 + (o * 7 + l) % 300, 1 + (o + l) % 4, ((o + l) * 37 % 9000) / 100.0 + 0.99
FROM generate_series(1, 12000) AS o, generate_series(1, 2) AS l;

CREATE TABLE public.page_views (
    id bigint PRIMARY KEY,
    visitor uuid NOT NULL,
    path text NOT NULL,
    duration_ms integer,
    viewed_at timestamptz NOT NULL
);
INSERT INTO public.page_views
SELECT n, md5('visitor' || n % 7000)::uuid, '/products/' || 1 + n % 300, nullif(n % 60000, 0),
    timestamptz '2026-01-01 00:00+00' + n * interval '13 seconds'
FROM generate_series(1, 100000) AS n;

-- A dot in the name: as a pattern, `price.list` also means `price_list`.
CREATE TABLE public."price.list" (product_id integer PRIMARY KEY, price numeric(10, 2) NOT NULL, valid_from date NOT NULL);
INSERT INTO public."price.list"
SELECT n, n * 1.1, date '2026-01-01' FROM generate_series(1, 120) AS n;

CREATE TABLE public.price_list (product_id integer PRIMARY KEY, price numeric(10, 2) NOT NULL, valid_from date NOT NULL);
INSERT INTO public.price_list
SELECT n, n * 1.2, date '2026-02-01' FROM generate_series(1, 150) AS n;

-- Keyless: neither a primary key nor a unique index over columns that are not null.
CREATE TABLE public.audit_log (at timestamptz NOT NULL, actor text, action text NOT NULL, detail jsonb);
ALTER TABLE public.audit_log REPLICA IDENTITY FULL;
INSERT INTO public.audit_log
SELECT timestamptz '2026-03-01 00:00+00' + n * interval '1 hour', nullif('staff' || n % 6, 'staff0'), 'login',
    jsonb_build_object('attempt', n % 3)
FROM generate_series(1, 800) AS n;

-- No primary key, but a unique index over a column that is not null: Debezium takes it as the key.
CREATE TABLE inventory.stock_levels (sku text NOT NULL, on_hand integer NOT NULL, counted_at timestamptz NOT NULL);
CREATE UNIQUE INDEX stock_levels_sku ON inventory.stock_levels (sku);
ALTER TABLE inventory.stock_levels REPLICA IDENTITY USING INDEX stock_levels_sku;
INSERT INTO inventory.stock_levels
SELECT 'SKU-' || lpad(n::text, 5, '0'), n * 17 % 400, timestamptz '2026-04-01 06:00+00' FROM generate_series(1, 300) AS n;

CREATE TABLE inventory.warehouses (id integer PRIMARY KEY, name text NOT NULL, opened_on date NOT NULL);
INSERT INTO inventory.warehouses VALUES (1, 'Rotterdam', '2019-05-01'), (2, 'Leipzig', '2021-09-15'), (3, 'Lyon', '2023-02-20');
