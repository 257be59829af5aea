DROP TABLE IF EXISTS order_lines;
DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS reviews;
DROP TABLE IF EXISTS books;
DROP TABLE IF EXISTS users;

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    till_pin TEXT,
    reset_token TEXT,
    is_admin INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE books (
    id INTEGER PRIMARY KEY,
    isbn TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    blurb TEXT NOT NULL DEFAULT '',
    price_cents INTEGER NOT NULL,
    stock INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    book_id INTEGER NOT NULL REFERENCES books (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT NOT NULL
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    address TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open',
    placed_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE order_lines (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    book_id INTEGER NOT NULL REFERENCES books (id),
    quantity INTEGER NOT NULL
);

INSERT INTO books (isbn, title, author, blurb, price_cents, stock) VALUES
    ('9780000000019', 'The Quiet Harbour', 'I. Lindqvist', 'A lighthouse keeper counts ships.', 1490, 12),
    ('9780000000026', 'Bread and Stone', 'M. Okafor', 'A baker, a mason and one winter.', 1250, 4),
    ('9780000000033', 'Field Guide to Small Rivers', 'A. Moreau', 'Where they rise and where they go.', 2200, 7),
    ('9780000000040', 'A Grammar of Rain', 'T. Ishii', 'Twelve essays on weather and language.', 1790, 0);
