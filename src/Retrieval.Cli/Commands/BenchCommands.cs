using Retrieval.Cli.Commands.Postgres;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval bench</c>.</summary>
internal static class BenchCommands
{
    public static CliCommand Create() => new("bench", "Measure this machine: scorers, whole queries, ingestion, start, the catalog. Numbers of a shared machine move; compare only within one run.")
    {
        BenchRerankCommand.Create(),
        BenchQueryCommand.Create(),
        BenchIngestCommand.Create(),
        BenchStartCommand.Create(),
        BenchCatalogCommand.Create(),
    };
}
