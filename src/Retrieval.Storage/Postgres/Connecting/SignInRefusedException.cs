using Npgsql;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>Postgres rejected the password, or requires one and received none.</summary>
internal sealed class SignInRefusedException(string message, Exception innerException) : NpgsqlException(message, innerException);
