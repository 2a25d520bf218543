using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Retrieval.Terminal.Output;

/// <summary>
/// The two outputs of the process: results go to standard output, everything else to standard error. A command writes its result
/// once, as a table or as one JSON document.
/// </summary>
public static class Printer
{
    private const int WidthOfNoTerminal = 200;

    /// <summary>JSON format of results: indented, in UTF-8, with the names that programs expect.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private static readonly Lazy<IAnsiConsole> ResultConsole = new(() => Create(Console.Out, Console.IsOutputRedirected));
    private static readonly Lazy<IAnsiConsole> MessageConsole = new(() => Create(Console.Error, Console.IsErrorRedirected));

    /// <summary>Standard output, for tables.</summary>
    public static IAnsiConsole Results => ResultConsole.Value;

    /// <summary>Standard error, for progress and notes.</summary>
    public static IAnsiConsole Messages => MessageConsole.Value;

    /// <summary>Whether standard error is an interactive terminal.</summary>
    public static bool IsWatched => !Console.IsErrorRedirected && Messages.Profile.Capabilities.Interactive;

    /// <summary>Writes the result: as JSON if requested, otherwise as drawn by <paramref name="table"/>.</summary>
    public static void Write<T>(T result, bool json, Action<IAnsiConsole> table)
    {
        if (!json)
        {
            table(Results);
            return;
        }

        WriteJson(result, Json);
    }

    /// <summary>Writes one JSON document and a line break.</summary>
    public static void WriteJson<T>(T result, JsonSerializerOptions options)
    {
        using var output = Console.OpenStandardOutput();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(result, options);
        output.Write([.. bytes, (byte)'\n']);
    }

    /// <summary>Writes text as it is to standard output, in UTF-8.</summary>
    public static void WriteText(string text)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>A note for people that is not part of the result.</summary>
    public static void Note(string text) => Console.Error.WriteLine(Safe.Line(text));

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (!redirected)
        {
            return AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        }

        // No terminal: a file must not contain colours, and long cells must not be wrapped.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
        console.Profile.Width = WidthOfNoTerminal;
        return console;
    }
}
