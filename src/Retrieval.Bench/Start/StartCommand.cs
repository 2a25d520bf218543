using Retrieval.Inference;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Start;

/// <summary><c>retrieval bench start</c>.</summary>
internal static class StartCommand
{
    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var index = CommonOptions.Index();
        var repetitions = CommonOptions.Whole("--repetitions", "How often to load", 1, 1000, 3);
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("start", "Time from nothing to ready, and of the first query against later ones.")
        {
            Options = { bundle, index, repetitions, threads, json },
            Examples = ["retrieval bench start --bundle models/scenes/bundle --index index"],
        };
        var device = new DeviceOptions().AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await StartBench.RunAsync(
                parsed.GetRequiredValue(bundle),
                parsed.GetRequiredValue(index),
                parsed.GetValue(repetitions),
                device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) }),
                cancellationToken).ConfigureAwait(false);
            Printer.Write(report, parsed.GetValue(json), console => console.Write(Tables.Facts(
                $"start with {Units.Count(report.Images)} images",
                ("machine", report.Machine.Describe()),
                ("device", report.Device.Describe()),
                ("ready after, s", report.LoadSeconds.Show(2)),
                ("first query, ms", report.FirstQueryMs.Show(2)),
                ("later queries, ms", report.LaterQueryMs.Show(2)))));
            return ExitCodes.Ok;
        });
        return command;
    }
}
