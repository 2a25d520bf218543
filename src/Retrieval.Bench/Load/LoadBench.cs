using Retrieval.Domain.Errors;

namespace Retrieval.Bench.Load;

/// <summary>
/// Measures whole queries against a running server, from socket to socket: a closed loop with several numbers of clients, or an
/// open loop with several rates, or an overload and the recovery from it. Each level is warmed up before it is measured.
/// </summary>
internal sealed class LoadBench(LoadOptions options)
{
    /// <summary>Seconds after the overload that are reported one by one.</summary>
    private const int Timeline = 600;

    private readonly List<LevelReport> _levels = [];
    private readonly InFlight _inFlight = new(options.InFlight);

    /// <exception cref="LoadException">The server cannot be measured.</exception>
    /// <exception cref="InvalidInputException">A file of captions, ids or the key cannot be used.</exception>
    public async Task<LoadReport> RunAsync(IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        using var http = LoadClient.Connect(options);
        var server = await ServerFacts.ReadAsync(http, cancellationToken).ConfigureAwait(false);
        var mix = await QuerySource.ReadAsync(options, http, cancellationToken).ConfigureAwait(false);
        using var client = new LoadClient(options, mix);
        using var watch = await MetricsPoller.StartAsync(http, cancellationToken).ConfigureAwait(false);

        var needsCapacity = options.Overload || options.Rates.Count == 0 || options.Rates.Any(rate => rate.OfCapacity);
        var steps = (needsCapacity ? options.Concurrency.Count : 0) + options.Rates.Count + (options.Overload ? 3 : 0);
        void Done() => progress.Report(("load", Math.Min(1, (double)_levels.Count / steps)));

        double? capacity = null;
        if (needsCapacity)
        {
            foreach (var clients in options.Concurrency)
            {
                await ClosedAsync(client, clients, cancellationToken).ConfigureAwait(false);
                Done();
            }

            capacity = _levels.Max(level => level.Counts.GoodPerSecond);
            if (capacity == 0)
            {
                throw new LoadException(options.Server, $"not one query was answered: {Describe(_levels)}");
            }
        }

        foreach (var rate in options.Rates)
        {
            var open = new OpenLoop(client.SendAsync, _inFlight);
            await OpenAsync(open, rate.ToString(), rate.PerSecond(capacity ?? 0), new PhaseRecorder(options.DeadlineMs), cancellationToken).ConfigureAwait(false);
            Done();
        }

        var overload = options.Overload ? await OverloadAsync(client, capacity!.Value, Done, cancellationToken).ConfigureAwait(false) : null;
        var metrics = await watch.EndAsync(cancellationToken).ConfigureAwait(false);
        return new LoadReport(Machine.Current(), options, server, new QueryCounts(mix.Captions, mix.Ids), _levels, capacity, _inFlight.Peak, overload, metrics);
    }

    private async Task ClosedAsync(LoadClient client, int clients, CancellationToken cancellationToken)
    {
        var recorder = new PhaseRecorder(options.DeadlineMs);
        var generator = GeneratorLoad.Start();
        await new ClosedLoop(client.SendAsync).RunAsync(clients, Length(options.WarmUpSeconds), recorder, cancellationToken).ConfigureAwait(false);
        _levels.Add(new LevelReport($"{clients} {(clients == 1 ? "client" : "clients")}", "closed", clients, null, recorder.Read(), generator()));
    }

    private async Task OpenAsync(OpenLoop open, string name, double rate, PhaseRecorder recorder, CancellationToken cancellationToken)
    {
        var generator = GeneratorLoad.Start();
        await open.RunAsync(rate, options.Seed, Length(options.WarmUpSeconds), recorder, cancellationToken).ConfigureAwait(false);
        await open.DrainAsync(cancellationToken).ConfigureAwait(false);
        _levels.Add(new LevelReport(name, "open", null, rate, recorder.Read(), generator()));
    }

    private async Task<OverloadReport> OverloadAsync(LoadClient client, double capacity, Action done, CancellationToken cancellationToken)
    {
        var open = new OpenLoop(client.SendAsync, _inFlight);
        (string Name, double Load, double WarmUp, PhaseRecorder Recorder, GeneratorLoad? Generator)[] phases =
        [
            ("before", OverloadReport.CalmLoad, options.WarmUpSeconds, new PhaseRecorder(options.DeadlineMs), null),
            ("overload", OverloadReport.OverLoad, 0, new PhaseRecorder(options.DeadlineMs), null),
            ("after", OverloadReport.CalmLoad, 0, new PhaseRecorder(options.DeadlineMs, Timeline), null),
        ];

        // The phases follow each other without a pause: the server must recover under load, and what it has queued is part of that.
        for (var i = 0; i < phases.Length; i++)
        {
            var generator = GeneratorLoad.Start();
            await open.RunAsync(phases[i].Load * capacity, options.Seed + i, Length(phases[i].WarmUp), phases[i].Recorder, cancellationToken).ConfigureAwait(false);
            phases[i].Generator = generator();
            done();
        }

        await open.DrainAsync(cancellationToken).ConfigureAwait(false);
        _levels.AddRange(phases.Select(phase => new LevelReport(
            $"{phase.Name}, {new LoadRate(phase.Load, OfCapacity: true)}", "open", null, phase.Load * capacity, phase.Recorder.Read(), phase.Generator!)));
        var counts = phases.Select(phase => phase.Recorder.Read()).ToList();
        return OverloadReport.Of(capacity, counts[0], counts[1], counts[2], phases[2].Recorder.Timeline);
    }

    private PhaseLength Length(double warmUp) => new(warmUp, options.Seconds, options.Queries);

    private static string Describe(IEnumerable<LevelReport> levels) => string.Join(", ", levels
        .SelectMany(level => level.Counts.Statuses.Concat(level.Counts.Faults))
        .GroupBy(pair => pair.Key, pair => pair.Value).Select(group => $"{group.Sum()} × {group.Key}"));
}
