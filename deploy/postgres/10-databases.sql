-- One database for each service: none of them can read another's tables.
CREATE DATABASE directory;
CREATE DATABASE identity;
CREATE DATABASE mailer;
CREATE DATABASE portal;
