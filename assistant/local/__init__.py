"""The whole of Chancery on one machine: Postgres, Valkey and every process under one supervisor. Linux only."""
