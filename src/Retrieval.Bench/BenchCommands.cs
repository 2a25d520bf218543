using Retrieval.Bench.Catalogs;
using Retrieval.Bench.Ingestion;
using Retrieval.Bench.Opening;
using Retrieval.Bench.Queries;
using Retrieval.Bench.Rerank;
using Retrieval.Bench.Sources;
using Retrieval.Bench.Start;
using Retrieval.Terminal.Commands;

namespace Retrieval.Bench;

/// <summary><c>retrieval bench</c>: the entry point of this library for a program.</summary>
public static class BenchCommands
{
    /// <summary>The command, with a subcommand for each measurement.</summary>
    public static CliCommand Create() => new("bench", "Measure this machine: scorers, whole queries, ingestion, start, opening an index, the catalog. Numbers of a shared machine move; compare only within one run.")
    {
        RerankCommand.Create(),
        QueryCommand.Create(),
        IngestCommand.Create(),
        StartCommand.Create(),
        OpenCommand.Create(),
        CatalogCommand.Create(),
        SourcesCommand.Create(),
    };
}
