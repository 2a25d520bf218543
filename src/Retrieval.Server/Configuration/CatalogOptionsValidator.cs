using Retrieval.Domain.Errors;
using Retrieval.Search.Shortlists;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Configuration;

/// <summary>Checks the sections about the catalog and about ingestions. Makes no connections.</summary>
internal static class CatalogOptionsValidator
{
    public static void Validate(ServerOptions options, List<string> faults)
    {
        var postgres = options.Postgres;
        Ranges.Check(faults, "Postgres", postgres);
        Ranges.Check(faults, "Ingestion", options.Ingestion);
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
            ReplicaFolder(options.Snapshot.Index, faults);
        }
        else
        {
            Needless(faults, "Postgres:PasswordFile", postgres.PasswordFile.Length > 0);
            Needless(faults, "Postgres:Index", postgres.Index.Length > 0);
            Needless(faults, "Postgres:Migrate", postgres.Migrate);
            Needless(faults, "Search:Shortlist", options.Search.Shortlist == ShortlistKind.Pgvector);
        }

        for (var i = 0; i < options.Ingestion.Roots.Count; i++)
        {
            if (!Path.IsPathFullyQualified(options.Ingestion.Roots[i]))
            {
                faults.Add($"Ingestion:Roots:{i} is '{options.Ingestion.Roots[i]}'; expected the full path of a folder");
            }
        }
    }

    private static void Connection(PostgresOptions postgres, List<string> faults)
    {
        // The text may contain a password, so it is not repeated. The file is checked separately, so that both faults are reported.
        Attempt(faults, "Postgres:ConnectionString", () => Catalog.Validate(postgres.Options));
        if (postgres.PasswordFile.Length > 0 && !File.Exists(postgres.PasswordFile))
        {
            faults.Add($"Postgres:PasswordFile is '{postgres.PasswordFile}'; there is no such file");
        }
    }

    // Of the two one was meant, and the connection string may stand where nobody looks: in the environment.
    private static void ReplicaFolder(string folder, List<string> faults)
    {
        if (folder.Length > 0 && LocalIndex.TraceIn(folder) is { } found)
        {
            faults.Add($"Snapshot:Index (--index) is '{folder}', a local index (it holds {found}), and Postgres:ConnectionString (--postgres, RETRIEVAL__POSTGRES__CONNECTIONSTRING) names a catalog; expected one of them: no connection string to serve the local index, or an empty folder for this replica's copy of the catalog's index");
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
}
