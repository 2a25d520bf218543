using Npgsql;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Storage.Postgres.Migrations;

/// <summary>The requirements that a database must meet to hold a catalog.</summary>
internal static class Requirements
{
    // From this version on, scans for nearest neighbours continue until they have as many as requested.
    private static readonly Version Oldest = new(0, 8, 0);

    /// <summary>Checks the requirements, and creates the extension if the role may.</summary>
    /// <exception cref="CatalogException">Names what is missing and who can fix it.</exception>
    public static async Task MeetAsync(Catalog catalog, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await AskAsync(connection, "show server_encoding", cancellationToken).ConfigureAwait(false) is var encoding && encoding != "UTF8")
        {
            throw Refused(catalog, $"is encoded as {encoding}, expected UTF8; recreate the database with: create database … encoding 'UTF8' template template0");
        }

        try
        {
            await AskAsync(connection, "create extension if not exists vector", cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.InsufficientPrivilege)
        {
            throw Refused(catalog, "lacks the extension vector, which this role may not create; ask a superuser to run in this database: create extension vector", exception);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.FeatureNotSupported or PostgresErrorCodes.UndefinedFile or PostgresErrorCodes.UndefinedObject)
        {
            throw Refused(catalog, $"is on a server without pgvector; install pgvector {Oldest} or later there ({exception.MessageText})", exception);
        }

        var version = await AskAsync(connection, "select extversion from pg_extension where extname = 'vector'", cancellationToken).ConfigureAwait(false);
        if (!Version.TryParse(version, out var found) || found < Oldest)
        {
            throw Refused(catalog, $"has pgvector {version}, expected {Oldest} or later; install it, and run as a superuser: alter extension vector update");
        }
    }

    private static CatalogException Refused(Catalog catalog, string reason, Exception? cause = null) => new(catalog.Name, CatalogFault.Schema, reason, cause);

    private static async Task<string?> AskAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as string;
        }
    }
}
