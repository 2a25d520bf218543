using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Domain.Errors;
using Retrieval.Search.Explaining;
using Retrieval.Search.Queries;
using Retrieval.Storage.Errors;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Output;

/// <summary>The only place where an error becomes a line on standard error and an exit code.</summary>
internal static class Failures
{
    public static int Usage(Command command, IEnumerable<ParseError> errors)
    {
        Say($"{string.Join("; ", errors.Select(error => error.Message.TrimEnd('.')))} (see {FullName(command)} --help)");
        return ExitCodes.Invalid;
    }

    public static int Report(Exception exception, bool verbose, CancellationToken stop)
    {
        var (code, text) = exception switch
        {
            OperationCanceledException when stop.IsCancellationRequested => (ExitCodes.Interrupted, "interrupted"),
            RetrievalException => (CodeOf(exception), exception.Message),
            FileNotFoundException or DirectoryNotFoundException => (ExitCodes.Invalid, exception.Message),
            IOException or UnauthorizedAccessException => (ExitCodes.Failed, exception.Message),
            OutOfMemoryException => (ExitCodes.Failed, "out of memory"),
            _ => (ExitCodes.Failed, $"unexpected {exception.GetType().Name}: {exception.Message}{(verbose ? "" : " (--verbose shows where)")}"),
        };
        Say(text);
        if (verbose && code != ExitCodes.Interrupted)
        {
            Console.Error.WriteLine(exception);
        }

        return code;
    }

    /// <summary>Writes one line, whatever the message contains.</summary>
    public static void Say(string text) => Console.Error.WriteLine($"retrieval: {Safe.Line(text)}");

    /// <summary>Errors that the caller can fix by naming other input are invalid input; errors during the work are failures.</summary>
    private static int CodeOf(Exception exception) => exception is
        InvalidInputException or FeatureShapeException or NotFoundException or InvalidBundleException or NoExplainerException or IndexMissingException or IndexMismatchException
        ? ExitCodes.Invalid
        : ExitCodes.Failed;

    private static string FullName(Command command)
    {
        var names = new List<string>();
        for (var at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault())
        {
            names.Insert(0, at is RootCommand ? "retrieval" : at.Name);
        }

        return string.Join(' ', names);
    }
}
