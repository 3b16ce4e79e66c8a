-- How each directory was when it was last looked at.

CREATE TABLE integration (
    directory TEXT NOT NULL PRIMARY KEY,
    saved_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
