using System.CommandLine;
using Retrieval.Cli;
using Retrieval.Cli.Commands;
using Retrieval.Cli.Commands.Ingest;

return await CommandLine.RunAsync(
    new RootCommand("Text-image retrieval with cross-modal matching: which images fit a caption, which captions fit an image.")
    {
        BundleCommands.Create(),
        TokenizeCommand.Create(),
        IngestCommand.Create(),
        IndexCommands.Create(),
        SearchCommand.Create(),
        ServeCommand.Create(),
        ScoreCommand.Create(),
        EvaluateCommand.Create(),
        BenchCommands.Create(),
    },
    args).ConfigureAwait(false);
