using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Configuration;

/// <summary>Checks the sections about the catalog and about ingestions. Nothing is connected to.</summary>
internal static class CatalogOptionsValidator
{
    public static void Validate(ServerOptions options, List<string> faults)
    {
        var postgres = options.Postgres;
        Within(faults, "Postgres:FollowSeconds", postgres.FollowSeconds, 0.05, 3600);
        Within(faults, "Postgres:ShortlistTimeoutMs", postgres.ShortlistTimeoutMs, 1, 60_000);
        Within(faults, "Postgres:VisibleSeconds", postgres.VisibleSeconds, 0.05, 600);
        Within(faults, "Postgres:ConnectSeconds", postgres.ConnectSeconds, 1, 600);
        Within(faults, "Postgres:CommandSeconds", postgres.CommandSeconds, 1, 3600);
        Within(faults, "Postgres:Streams", postgres.Streams, 1, 32);
        Within(faults, "Ingestion:RetrySeconds", options.Ingestion.RetrySeconds, 1, 86_400);
        Attempt(faults, "Postgres:Index", () =>
        {
            if (postgres.Index.Length > 0)
            {
                IndexName.Require(postgres.Index);
            }
        });
        if (postgres.IsSet)
        {
            Connection(postgres, faults);
        }
        else
        {
            Needless(faults, "Postgres:PasswordFile", postgres.PasswordFile.Length > 0);
            Needless(faults, "Postgres:Index", postgres.Index.Length > 0);
            Needless(faults, "Postgres:Migrate", postgres.Migrate);
            Needless(faults, "Search:Shortlist", options.Search.Shortlist.Equals(ShortlistKinds.Pgvector, StringComparison.OrdinalIgnoreCase));
        }

        for (var i = 0; i < options.Ingestion.Roots.Count; i++)
        {
            if (!Path.IsPathFullyQualified(options.Ingestion.Roots[i]))
            {
                faults.Add($"Ingestion:Roots:{i} is '{options.Ingestion.Roots[i]}'; expected the full path of a folder");
            }
        }
    }

    private static void Connection(PostgresSection postgres, List<string> faults)
    {
        // The text may hold a password: it is not repeated. The file is looked at apart, so that both faults are told.
        Attempt(faults, "Postgres:ConnectionString", () => Catalog.Validate(postgres.Options));
        if (postgres.PasswordFile.Length > 0 && !File.Exists(postgres.PasswordFile))
        {
            faults.Add($"Postgres:PasswordFile is '{postgres.PasswordFile}'; there is no such file");
        }
    }

    private static void Attempt(List<string> faults, string key, Action check)
    {
        try
        {
            check();
        }
        catch (InvalidInputException exception)
        {
            faults.Add($"{key}: {exception.Reason}");
        }
    }

    private static void Needless(List<string> faults, string key, bool set)
    {
        if (set)
        {
            faults.Add($"{key} is set and Postgres:ConnectionString is not; without a catalog it means nothing");
        }
    }

    private static void Within(List<string> faults, string key, double value, double least, double most) => ServerOptionsValidator.Within(faults, key, value, least, most);
}
