using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Retrieval.Terminal.Commands;

namespace Retrieval.Bench.Load;

/// <summary>The options of <c>retrieval bench query</c> for a running server.</summary>
internal sealed class LoadCommandOptions
{
    private const int MostMilliseconds = 24 * 3600 * 1000;
    private static readonly LoadOptions Defaults = new() { Server = new Uri("http://localhost"), Top = 1 };

    private readonly Option<Uri?> _server = new("--server")
    {
        Description = "Measure this running server over HTTP instead of a bundle and an index in this process",
        HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }

            result.AddError($"--server is '{result.Tokens[0].Value}'; expected an address as http://127.0.0.1:8080");
            return null;
        },
    };

    private readonly Option<string?> _keyFile = new("--api-key-file") { Description = "With --server: file with the key or token to send, and nothing else; one of the role metrics, or of ingest, lets the server's metrics be read too", HelpName = "FILE" };

    private readonly Option<QueryKind> _kind = new("--kind")
    {
        Description = "With --server: search for images by caption, for captions by image, or for both in turns",
        HelpName = "images|captions|both",
        CustomParser = result =>
        {
            // Enum.TryParse would also accept numbers.
            switch (result.Tokens[0].Value)
            {
                case "images": return QueryKind.Images;
                case "captions": return QueryKind.Captions;
                case "both": return QueryKind.Both;
                default:
                    result.AddError($"--kind is '{result.Tokens[0].Value}'; expected images, captions or both");
                    return default;
            }
        },
    };

    private readonly Option<string?> _captions = new("--captions") { Description = "With --server: captions to ask with, one a line; without it those of images the server finds for a few general captions", HelpName = "FILE" };
    private readonly Option<string?> _ids = new("--ids") { Description = "With --server: ids of images to ask with, one a line; without it those the server finds", HelpName = "FILE" };
    private readonly Option<int[]> _concurrency = CommonOptions.Wholes("--concurrency", "With --server: numbers of clients of a closed loop, each of which asks again when it has its answer", 1, 10_000, [.. Defaults.Concurrency]);

    private readonly Option<LoadRate[]> _rates = new("--rate")
    {
        Description = "With --server: an open loop instead: arrivals a second (Poisson), or multiples of the closed loop's best rate as 0.7x; each is measured",
        HelpName = "R,R,…",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var rates = new List<LoadRate>();
            foreach (var text in result.Tokens[0].Value.Split(','))
            {
                if (LoadRate.TryParse(text, out var rate))
                {
                    rates.Add(rate);
                }
                else
                {
                    result.AddError($"--rate is '{text}'; expected a number above 0, or a multiple of the capacity as 0.7x");
                }
            }

            return [.. rates];
        },
    };

    private readonly Option<bool> _overload = new("--overload") { Description = "With --server: find the capacity, then offer 70 % of it, ten times it, and 70 % again, without a pause between" };
    private readonly Option<int> _inFlight = CommonOptions.Whole("--in-flight", "With --server: most requests of an open loop that wait for their answers; what arrives beyond is counted as not sent", 1, 50_000, Defaults.InFlight);
    private readonly Option<int?> _seconds = CommonOptions.OptionalWhole("--seconds", "With --server: how long each level is measured; 10 unless --queries is given", 1, 7 * 24 * 3600);
    private readonly Option<double> _warmUp = Number("--warm-up", "With --server: seconds before each level that do not count", 0, 3600, Defaults.WarmUpSeconds);
    private readonly Option<int?> _deadline = CommonOptions.OptionalWhole("--deadline-ms", "With --server: the deadline each request carries; tells how well it is kept", 1, MostMilliseconds);
    private readonly Option<double> _disconnect = Number("--disconnect", "With --server: share of clients that close their connection before they have an answer, 0 to 1", 0, 1, 0);
    private readonly Option<int> _disconnectWithin = CommonOptions.Whole("--disconnect-within-ms", "With --server: when they do, at a random time up to this", 1, MostMilliseconds, Defaults.DisconnectWithinMs);
    private readonly Option<int> _timeout = CommonOptions.Whole("--timeout-ms", "With --server: after this an answer is no longer waited for and counts as failed", 1, MostMilliseconds, Defaults.TimeoutMs);
    private readonly Option<int> _seed = CommonOptions.Whole("--seed", "With --server: seed of arrivals, queries and departures", 0, int.MaxValue, Defaults.Seed);

    /// <summary>All options, in the order of the help.</summary>
    public IReadOnlyList<Option> All => [_server, .. OfServer];

    private IReadOnlyList<Option> OfServer =>
        [_keyFile, _kind, _captions, _ids, _concurrency, _rates, _overload, _inFlight, _seconds, _warmUp, _deadline, _disconnect, _disconnectWithin, _timeout, _seed];

    /// <summary>Whether a server is to be measured.</summary>
    public bool Asked(ParseResult parsed) => parsed.GetValue(_server) is not null;

    /// <summary>Refuses options that cannot be combined.</summary>
    /// <param name="command">The parsed command.</param>
    /// <param name="required">Options that are required for measuring in this process.</param>
    /// <param name="inProcess">Options that do not apply to a running server.</param>
    /// <param name="queries">The number of queries, which ends a level.</param>
    public void Check(CommandResult command, IReadOnlyList<Option> required, IReadOnlyList<Option> inProcess, Option queries)
    {
        if (!Given(command, _server))
        {
            Refuse(required.Where(option => !Given(command, option)), "is required without --server");
            Refuse(OfServer.Where(option => Given(command, option)), "is about a running server; --server says which");
            return;
        }

        Refuse(required.Concat(inProcess).Where(option => Given(command, option)), "is of no use with --server: the server has its own");
        if (Given(command, _overload))
        {
            Refuse(new[] { _rates, queries }.Where(option => Given(command, option)), "does not go with --overload, which sets rates and lengths itself");
        }

        void Refuse(IEnumerable<Option> options, string why)
        {
            foreach (var option in options)
            {
                command.AddError($"{option.Name} {why}");
            }
        }
    }

    /// <summary>The parsed options.</summary>
    public LoadOptions Read(ParseResult parsed, int? queries, int top, int? shortlist) => new()
    {
        Server = parsed.GetValue(_server)!,
        ApiKeyFile = parsed.GetValue(_keyFile),
        Kind = parsed.GetValue(_kind),
        Captions = parsed.GetValue(_captions),
        Ids = parsed.GetValue(_ids),
        Concurrency = parsed.GetRequiredValue(_concurrency),
        Rates = parsed.GetRequiredValue(_rates),
        Overload = parsed.GetValue(_overload),
        InFlight = parsed.GetValue(_inFlight),
        Queries = queries,
        Seconds = parsed.GetValue(_seconds) ?? (queries is null ? Defaults.Seconds : MostMilliseconds / 1000),
        WarmUpSeconds = parsed.GetValue(_warmUp),
        Top = top,
        Shortlist = shortlist,
        DeadlineMs = parsed.GetValue(_deadline),
        Disconnect = parsed.GetValue(_disconnect),
        DisconnectWithinMs = parsed.GetValue(_disconnectWithin),
        TimeoutMs = parsed.GetValue(_timeout),
        Seed = parsed.GetValue(_seed),
    };

    private static bool Given(CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };

    private static Option<double> Number(string name, string description, double least, double most, double value) => new(name)
    {
        Description = description,
        HelpName = "X",
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            {
                return number;
            }

            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is '{result.Tokens[0].Value}'; expected a number from {least} to {most}"));
            return value;
        },
    };
}
