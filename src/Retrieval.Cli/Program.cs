using System.CommandLine;
using Retrieval.Bench;
using Retrieval.Cli.Commands;
using Retrieval.Cli.Commands.Ingest;
using Retrieval.Cli.Commands.Keys;
using Retrieval.Server.Limits.Connections;

namespace Retrieval.Cli;

/// <summary>The command line.</summary>
internal static class Program
{
    // Checked before anything else is loaded: without descriptors nothing can be loaded, and the runtime would end with a stack trace.
    private static Task<int> Main(string[] args) => OpenFileLimit.IsTooLowToStart() ? Task.FromResult(1) : RunAsync(args);

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static Task<int> RunAsync(string[] args) => CommandLine.RunAsync(
        new RootCommand("Text-image retrieval with cross-modal matching: which images fit a caption, which captions fit an image.")
        {
            BundleCommands.Create(),
            TokenizeCommand.Create(),
            IngestCommand.Create(),
            IndexCommands.Create(),
            SearchCommand.Create(),
            ExplainCommand.Create(),
            ServeCommand.Create(),
            KeysCommands.Create(),
            ScoreCommand.Create(),
            EvaluateCommand.Create(),
            BenchCommands.Create(),
        },
        args);
}
