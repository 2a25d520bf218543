using System.CommandLine;
using System.Globalization;
using Retrieval.Inference;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Bench.Rerank;

/// <summary><c>retrieval bench rerank</c>.</summary>
internal static class RerankCommand
{
    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var against = new Option<string[]>("--against") { Description = "A bundle to compare with in the same run, e.g. the published form of the same weights; may be given several times", HelpName = "DIR", DefaultValueFactory = _ => [] };
        var pairs = CommonOptions.Whole("--pairs", "Pairs of one shortlist", 1, 1_000_000, 200);
        var words = CommonOptions.Whole("--words", "Words of a caption", 1, 1000, 14);
        var images = CommonOptions.Whole("--images", $"Items in the bank; beyond {RerankBench.Distinct} records repeat, each in its own memory", 1, 1_000_000, RerankBench.Distinct);
        var repetitions = CommonOptions.Whole("--repetitions", "Measurements of each thing", 1, 10_000, 7);
        var pairsPerCall = CommonOptions.Wholes("--pairs-per-call", "Pairs of one batch; each number is measured; 0 for each bundle's default", 0, 65_536, 0);
        var threads = CommonOptions.Threads();
        var mflop = new Option<double?>("--mflop-per-pair")
        {
            Description = "Work of a pair in millions of operations, to show the rate as a share of the machine's (105 for CAMP at D=1024, R=36, T=14)",
            HelpName = "X",
            CustomParser = result =>
            {
                if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 && double.IsFinite(value))
                {
                    return value;
                }

                result.AddError($"--mflop-per-pair is '{result.Tokens[0].Value}'; expected a number above 0");
                return null;
            },
        };
        var json = CommonOptions.Json();
        var command = new CliCommand("rerank", "Pairs a second of the scorers in both directions, of one bundle or of several in turns, on random features and captions.")
        {
            Options = { bundle, against, pairs, words, images, repetitions, pairsPerCall, threads, mflop, json },
            Examples =
            [
                "retrieval bench rerank --bundle serving --against published --against int8",
                "retrieval bench rerank --bundle serving --pairs-per-call 8,16,32,64,200 --mflop-per-pair 105 --json",
            ],
        };
        var device = new DeviceOptions().AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var inference = device.Read(parsed, new InferenceOptions());
            var bench = new RerankBench(new RerankOptions
            {
                Bundle = parsed.GetRequiredValue(bundle),
                Against = parsed.GetRequiredValue(against),
                Pairs = parsed.GetValue(pairs),
                Words = parsed.GetValue(words),
                Images = parsed.GetValue(images),
                Repetitions = parsed.GetValue(repetitions),
                PairsPerCall = parsed.GetRequiredValue(pairsPerCall),
                Threads = parsed.GetValue(threads),
                Provider = inference.Provider,
                ProviderLibrary = inference.ProviderLibrary,
                MflopPerPair = parsed.GetValue(mflop),
            });
            var report = await ShareDisplay.RunAsync(progress => Task.Run(() => bench.Run(progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
            Printer.Write(report, parsed.GetValue(json), console => Show(console, report));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(IAnsiConsole console, RerankReport report)
    {
        console.WriteLine(report.Machine.Describe());
        console.WriteLine($"{report.Options.Pairs} pairs a query, captions of {report.Options.Words} words, {report.Options.Images} in the bank; median (least … most) of {report.Options.Repetitions}");
        var scorers = Tables.Titled(
            "rerank; a ratio is the first bundle's rate over this one's",
            "direction", "bundle", "#pairs a batch", "#pairs/s", "#ratio", "#largest score difference", "#input besides the bank, a query", "#managed allocation, a query");
        foreach (var (row, rate, i) in report.Scorers.SelectMany(row => row.Rates.Select((rate, i) => (row, rate, i))))
        {
            scorers.Add(
                row.Direction, Name(report.Bundles[i]), Units.Count(rate.PairsPerCall), rate.PairsPerSecond.Show(0),
                rate.Ratio?.Show(2) ?? "", rate.LargestDifference is { } difference ? Units.Small(difference) : "",
                Units.Bytes(rate.InputBytes), Units.Bytes((long)rate.AllocatedBytes));
        }

        console.Write(scorers);
        var encoders = Tables.Titled("bundles and their encoders", "bundle", "form", "provider", "#both banks", "#one caption, ms", "#images/s");
        foreach (var bundle in report.Bundles)
        {
            encoders.Add(bundle.Model, $"{bundle.Form}, {bundle.Profile}, {bundle.Precision}", bundle.Provider, $"{Units.Bytes(bundle.BankBytes)}{(bundle.Resident ? ", on the device" : "")}", bundle.CaptionMs.Show(2), bundle.ImagesPerSecond.Show(0));
        }

        console.Write(encoders);
        foreach (var (direction, other, ratio) in report.BestRatios)
        {
            console.WriteLine($"{direction}: {Units.Fixed(ratio, 2)} × {other}, each at its best number of pairs a batch");
        }

        console.WriteLine($"float32 matrix products of 1024 × 1024 in the same runtime: {report.MatrixProductGflops.Show(0)} GFLOP/s");
        foreach (var (direction, share) in report.ShareOfCeiling ?? new Dictionary<string, double>())
        {
            console.WriteLine($"{direction}: {Units.Fixed(100 * share, 1)} % of the {Units.Fixed(report.CeilingPairsPerSecond!.Value, 0)} pairs/s that rate allows");
        }
    }

    private static string Name(EncoderReport bundle) => $"{bundle.Model}, {bundle.Form}, {bundle.Precision}";
}
