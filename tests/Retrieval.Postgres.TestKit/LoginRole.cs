namespace Retrieval.Postgres.TestKit;

/// <summary>A role that may log in to one <see cref="TestDatabase"/>.</summary>
/// <param name="Name">Its name, which needs no quoting.</param>
/// <param name="Password">Its password.</param>
/// <param name="ConnectionString">Connects as this role, password included.</param>
public sealed record LoginRole(string Name, string Password, string ConnectionString)
{
    /// <summary>The same without the password, as given together with a password file.</summary>
    public string ConnectionStringWithoutPassword => new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString) { Password = null }.ConnectionString;
}
