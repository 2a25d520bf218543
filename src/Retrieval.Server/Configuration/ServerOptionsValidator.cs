using System.Globalization;
using Retrieval.Domain.Images;
using Retrieval.Inference;
using Retrieval.Search.Queries;
using Serilog.Events;

namespace Retrieval.Server.Configuration;

/// <summary>Checks ranges and what must fit together. Reports every fault, not the first.</summary>
internal static class ServerOptionsValidator
{
    private static readonly string[] Formats = ["text", "json"];
    private static readonly string[] Shortlists = [ShortlistKinds.Auto, ShortlistKinds.Pgvector, ShortlistKinds.Exact];

    public static void Validate(ServerOptions options, List<string> faults)
    {
        Http(options.Http, faults);
        Limits(options.Limits, faults);
        Search(options, faults);
        Images(options, faults);
        Snapshot(options.Snapshot, faults);
        CatalogOptionsValidator.Validate(options, faults);
        OneOf(faults, "Inference:Provider", options.Inference.Provider, Enum.GetNames<ProviderChoice>());
        OneOf(faults, "Inference:BankPlacement", options.Inference.BankPlacement, Enum.GetNames<BankPlacement>());
        Within(faults, "Inference:DeviceId", options.Inference.DeviceId, 0, 1024);
        Within(faults, "Inference:DeviceMemoryBytes", options.Inference.DeviceMemoryBytes, 0, 1L << 50);
        Within(faults, "Inference:Threads", options.Inference.Threads, 0, 1024);
        Within(faults, "Inference:PairsPerCall", options.Inference.PairsPerCall, 0, 65_536);
        Logging(options.Logging, faults);
        Telemetry(options.Telemetry, faults);
    }

    private static void Http(HttpOptions http, List<string> faults)
    {
        var urls = ListenAddress.Split(http.Urls);
        if (urls.Length == 0)
        {
            faults.Add("Http:Urls is empty; expected one address or more, e.g. http://127.0.0.1:8080");
        }

        foreach (var url in urls)
        {
            if (ListenAddress.Fault(url) is { } fault)
            {
                faults.Add($"Http:Urls holds '{url}'; {fault}");
            }
        }

        foreach (var host in http.Hosts ?? [])
        {
            if (Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) == UriHostNameType.Unknown)
            {
                faults.Add($"Http:AllowedHosts holds '{host}'; expected a host without scheme, port or path, such as search.example.com, *.example.com or *");
            }
        }

        Within(faults, "Http:MaxBodyBytes", http.MaxBodyBytes, 1024, 1 << 30);
        Within(faults, "Http:MaxImageBytes", http.MaxImageBytes, 1024, 256 << 20);
        Within(faults, "Http:MaxJsonDepth", http.MaxJsonDepth, 4, 64);
        Within(faults, "Http:MaxHeaderBytes", http.MaxHeaderBytes, 1024, 1 << 20);
        Within(faults, "Http:MaxConnections", http.MaxConnections, 1, 1_000_000);
        Within(faults, "Http:KeepAliveSeconds", http.KeepAliveSeconds, 1, 3600);
        Within(faults, "Http:HeaderTimeoutSeconds", http.HeaderTimeoutSeconds, 1, 600);
        Within(faults, "Http:MinBytesPerSecond", http.MinBytesPerSecond, 1, 1_000_000);
        Within(faults, "Http:MinRateGraceSeconds", http.MinRateGraceSeconds, 2, 600);
    }

    private static void Limits(LimitsOptions limits, List<string> faults)
    {
        Within(faults, "Limits:AdmittedPairs", limits.AdmittedPairs, 0, 1_000_000_000);
        Within(faults, "Limits:Concurrent", limits.Concurrent, 1, 10_000);
        Within(faults, "Limits:Queue", limits.Queue, 0, 1_000_000);
        Within(faults, "Limits:WriteConcurrent", limits.WriteConcurrent, 1, 10_000);
        Within(faults, "Limits:WriteQueue", limits.WriteQueue, 0, 1_000_000);
        Within(faults, "Limits:RetryAfterSeconds", limits.RetryAfterSeconds, 1, 3600);
        Within(faults, "Limits:RequestTimeoutSeconds", limits.RequestTimeoutSeconds, 0.05, 3600);
        Within(faults, "Limits:BatchQueries", limits.BatchQueries, 1, 10_000);
        Within(faults, "Limits:BatchCandidates", limits.BatchCandidates, 1, 10_000_000);
        Within(faults, "Limits:DrainDelaySeconds", limits.DrainDelaySeconds, 0, 600);
        Within(faults, "Limits:DrainSeconds", limits.DrainSeconds, 0, 3600);
    }

    private static void Search(ServerOptions options, List<string> faults)
    {
        var search = options.Search;
        OneOf(faults, "Search:Shortlist", search.Shortlist, Shortlists);
        Within(faults, "Search:MaxTop", search.MaxTop, 1, 1_000_000);
        Within(faults, "Search:MaxShortlist", search.MaxShortlist, 1, 10_000_000);
        Within(faults, "Search:MaxDeadlineMs", search.MaxDeadlineMs, 1, 86_400_000);
        Within(faults, "Search:MaxPairs", search.MaxPairs, 1, 10_000_000);
        Within(faults, "Search:DefaultTop", search.DefaultTop, 1, Math.Max(1, search.MaxTop));
        Within(faults, "Search:DefaultShortlist", search.DefaultShortlist, 1, Math.Max(1, search.MaxShortlist));
    }

    private static void Images(ServerOptions options, List<string> faults)
    {
        var images = options.Images;
        Within(faults, "Images:MaxMetadataBytes", images.MaxMetadataBytes, 2, ImageBounds.MostMetadataBytes);
        Within(faults, "Images:MaxCaptions", images.MaxCaptions, 1, ImageBounds.MostCaptions);
        Within(faults, "Images:MaxCaptionBytes", images.MaxCaptionBytes, 64, ImageBounds.MostCaptionBytes);
        Within(faults, "Search:MaxAnswerBytes", options.Search.MaxAnswerBytes, 64 << 10, 1 << 30);
        if (options.Search.MaxAnswerBytes < images.LargestAnswerBytes())
        {
            // What may be stored must be able to come back.
            faults.Add(string.Create(
                CultureInfo.InvariantCulture, $"Search:MaxAnswerBytes is {options.Search.MaxAnswerBytes}; expected at least the {images.LargestAnswerBytes()} bytes that the texts of one image may take in an answer by Images"));
        }
    }

    private static void Snapshot(SnapshotSection snapshot, List<string> faults)
    {
        Required(faults, "Snapshot:Bundle", snapshot.Bundle, "the folder of a bundle");
        Required(faults, "Snapshot:Index", snapshot.Index, "the folder of an index");
        Within(faults, "Snapshot:RefreshSeconds", snapshot.RefreshSeconds, 0.05, 3600);
        Within(faults, "Snapshot:RetrySeconds", snapshot.RetrySeconds, 0.05, 86_400);
        Within(faults, "Snapshot:ScrubBytesPerSecond", snapshot.ScrubBytesPerSecond, 0, 1L << 40);
    }

    private static void Logging(LogOptions logging, List<string> faults)
    {
        OneOf(faults, "Logging:Level", logging.Level, Enum.GetNames<LogEventLevel>());
        OneOf(faults, "Logging:Format", logging.Format, Formats);
        foreach (var (source, level) in logging.Levels)
        {
            OneOf(faults, $"Logging:Levels:{source}", level, Enum.GetNames<LogEventLevel>());
        }
    }

    private static void Telemetry(TelemetryOptions telemetry, List<string> faults)
    {
        if (telemetry.OtlpEndpoint.Length > 0 && !TelemetryOptions.IsAddress(telemetry.OtlpEndpoint))
        {
            // It may hold a password: it is not repeated.
            faults.Add("Telemetry:OtlpEndpoint is no address of a collector; expected one such as http://collector:4318, without a user, a query or a fragment");
        }

        OneOf(faults, "Telemetry:OtlpProtocol", telemetry.OtlpProtocol, TelemetryOptions.Protocols);
        Within(faults, "Telemetry:OtlpIntervalSeconds", telemetry.OtlpIntervalSeconds, 1, 3600);
    }

    private static void Required(List<string> faults, string key, string value, string what)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            faults.Add($"{key} is not set; expected {what}");
        }
    }

    private static void OneOf(List<string> faults, string key, string value, string[] allowed)
    {
        if (!allowed.Contains(value, StringComparer.OrdinalIgnoreCase))
        {
            faults.Add($"{key} is '{value}'; expected one of {string.Join(", ", allowed)}");
        }
    }

    internal static void Within(List<string> faults, string key, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{key} is {value}; expected {least} to {most}"));
        }
    }
}
