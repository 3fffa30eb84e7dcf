-- Sales contacts. Its connector may only read: no signal table, signals over Kafka alone.
CREATE TABLE public.accounts (
    id integer PRIMARY KEY,
    name text NOT NULL,
    industry text,
    annual_revenue numeric(14, 2),
    created_at timestamptz NOT NULL
);
INSERT INTO public.accounts
SELECT n, 'Account ' || n, (ARRAY['retail', 'energy', 'media', NULL])[1 + n % 4], n * 1234.5,
    timestamptz '2023-06-01 00:00+00' + n * interval '9 hours'
FROM generate_series(1, 700) AS n;

CREATE TABLE public.contacts (
    id integer PRIMARY KEY,
    account_id integer NOT NULL REFERENCES public.accounts,
    email text NOT NULL,
    phone text,
    subscribed boolean NOT NULL
);
INSERT INTO public.contacts
SELECT n, 1 + n % 700, 'contact' || n || '@crm.example', nullif('+49 30 ' || n % 900, '+49 30 0'), n % 5 > 0
FROM generate_series(1, 4000) AS n;

CREATE TABLE public.activities (
    id bigint PRIMARY KEY,
    contact_id integer NOT NULL REFERENCES public.contacts,
    kind text NOT NULL,
    notes text,
    happened_at timestamptz NOT NULL
);
INSERT INTO public.activities
SELECT n, 1 + n % 4000, (ARRAY['call', 'mail', 'visit'])[1 + n % 3], nullif('Note ' || n % 10, 'Note 0'),
    timestamptz '2026-01-01 00:00+00' + n * interval '4 minutes'
FROM generate_series(1, 20000) AS n;

CREATE TABLE public.deals (id integer PRIMARY KEY, account_id integer NOT NULL, stage text NOT NULL, amount numeric(14, 2), closes_on date);
INSERT INTO public.deals
SELECT n, 1 + n % 700, (ARRAY['lead', 'offer', 'won', 'lost'])[1 + n % 4], n * 99.9, date '2026-06-01' + n % 200
FROM generate_series(1, 900) AS n;
