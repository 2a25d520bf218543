using System.Globalization;

namespace Retrieval.Server.Configuration;

/// <summary>Checks ranges and combinations of settings. Reports every fault, not only the first.</summary>
internal static class ServerOptionsValidator
{
    public static void Validate(ServerOptions options, List<string> faults)
    {
        Http(options.Http, faults);
        Tls(options.Tls, options.Http.Urls, faults);
        AccessOptionsValidator.Validate(options, faults);
        Ranges.Check(faults, "Limits", options.Limits);
        Search(options, faults);
        Images(options, faults);
        Pictures(options.Pictures, faults);
        Snapshot(options, faults);
        CatalogOptionsValidator.Validate(options, faults);
        Ranges.Check(faults, "Inference", options.Inference);
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

        Ranges.Check(faults, "Http", http);
    }

    private static void Tls(TlsOptions tls, string urls, List<string> faults)
    {
        var secure = ListenAddress.Split(urls).FirstOrDefault(ListenAddress.IsTls);
        if (secure is not null && !tls.IsSet)
        {
            faults.Add($"Http:Urls holds '{secure}' and Tls:CertificateFile is not set; expected the certificate, in PEM");
        }

        foreach (var (key, file) in new[] { ("CertificateFile", tls.CertificateFile), ("KeyFile", tls.KeyFile), ("ClientAuthoritiesFile", tls.ClientAuthoritiesFile) }.Where(pair => pair.Item2.Length > 0))
        {
            if (secure is null)
            {
                faults.Add($"Tls:{key} is set and no address of Http:Urls begins with https; without one it means nothing");
            }
            else if (!File.Exists(file))
            {
                faults.Add($"Tls:{key} is '{file}'; there is no such file");
            }
        }
    }

    private static void Search(ServerOptions options, List<string> faults)
    {
        var search = options.Search;
        Ranges.Check(faults, "Search", search);
        Ranges.Within(faults, "Search:DefaultTop", search.DefaultTop, 1, Math.Max(1, search.MaxTop));
        if (search.DefaultShortlist is { } shortlist)
        {
            Ranges.Within(faults, "Search:DefaultShortlist", shortlist, 1, Math.Max(1, search.MaxShortlist));
        }
    }

    private static void Images(ServerOptions options, List<string> faults)
    {
        var images = options.Images;
        Ranges.Check(faults, "Images", images);
        if (options.Search.MaxAnswerBytes < images.LargestAnswerBytes())
        {
            // Everything that may be stored must fit into an answer.
            faults.Add(string.Create(
                CultureInfo.InvariantCulture, $"Search:MaxAnswerBytes is {options.Search.MaxAnswerBytes}; expected at least the {images.LargestAnswerBytes()} bytes that the texts of one image may take in an answer by Images"));
        }
    }

    private static void Pictures(PictureOptions pictures, List<string> faults)
    {
        if (pictures.UrlTemplate.Length > 0 && !PictureOptions.IsTemplate(pictures.UrlTemplate))
        {
            faults.Add($"Pictures:UrlTemplate is no address with {PictureOptions.Placeholder} in its path or query; expected one such as https://pictures.example.com/{PictureOptions.Placeholder}.jpg, without a user");
        }

        if (pictures.Folder.Length > 0 && pictures.UrlTemplate.Length > 0)
        {
            faults.Add("Pictures:Folder and Pictures:UrlTemplate are both set; expected one of them");
        }
        else if (pictures.Folder.Length > 0 && !Directory.Exists(pictures.Folder))
        {
            faults.Add($"Pictures:Folder is '{pictures.Folder}', which is no folder");
        }
    }

    private static void Snapshot(ServerOptions options, List<string> faults)
    {
        var snapshot = options.Snapshot;
        Required(faults, "Snapshot:Bundle (--bundle)", snapshot.Bundle, "the folder of a bundle");
        Required(faults, "Snapshot:Index (--index)", snapshot.Index, "the folder of an index");
        FurtherIndexOption.Read(snapshot.Also, options.Postgres.IsSet ? null : snapshot.Index, faults);
        Ranges.Check(faults, "Snapshot", snapshot);
    }

    private static void Telemetry(TelemetryOptions telemetry, List<string> faults)
    {
        if (telemetry.OtlpEndpoint.Length > 0 && !TelemetryOptions.IsAddress(telemetry.OtlpEndpoint))
        {
            // It may contain a password, so it is not repeated.
            faults.Add("Telemetry:OtlpEndpoint is no address of a collector; expected one such as http://collector:4318, without a user, a query or a fragment");
        }

        if (telemetry.TraceShare > 0 && telemetry.OtlpEndpoint.Length == 0)
        {
            faults.Add("Telemetry:TraceShare is above 0 and Telemetry:OtlpEndpoint is not set; expected the address of a collector that takes the traces");
        }

        Ranges.Check(faults, "Telemetry", telemetry);
    }

    private static void Required(List<string> faults, string key, string value, string what)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            faults.Add($"{key} is not set; expected {what}");
        }
    }
}
