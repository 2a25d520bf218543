using Npgsql;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>Postgres did not accept the password, or wants one and got none.</summary>
internal sealed class SignInRefusedException(string message, Exception innerException) : NpgsqlException(message, innerException);
