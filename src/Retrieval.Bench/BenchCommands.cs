using Retrieval.Bench.Catalogs;
using Retrieval.Bench.Ingestion;
using Retrieval.Bench.Opening;
using Retrieval.Bench.Queries;
using Retrieval.Bench.Rerank;
using Retrieval.Bench.Start;
using Retrieval.Terminal.Commands;

namespace Retrieval.Bench;

/// <summary><c>retrieval bench</c>: all that a program needs of this library.</summary>
public static class BenchCommands
{
    /// <summary>The command, with a command for each thing that can be measured.</summary>
    public static CliCommand Create() => new("bench", "Measure this machine: scorers, whole queries, ingestion, start, opening an index, the catalog. Numbers of a shared machine move; compare only within one run.")
    {
        RerankCommand.Create(),
        QueryCommand.Create(),
        IngestCommand.Create(),
        StartCommand.Create(),
        OpenCommand.Create(),
        CatalogCommand.Create(),
    };
}
