using Retrieval.Inference.Verification;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Contracts;

/// <summary>What this replica serves.</summary>
/// <param name="Model">Name and the beginning of the fingerprint, as in answers.</param>
/// <param name="Name">The bundle's name.</param>
/// <param name="Fingerprint">SHA-256 over the bundle.</param>
/// <param name="System">The matching system.</param>
/// <param name="Form"><c>serving</c> or <c>published</c>.</param>
/// <param name="Profile"><c>fast</c> or <c>compact</c>.</param>
/// <param name="Precision"><c>float32</c> or <c>float16</c>.</param>
/// <param name="Provider">The runtime's name for the execution provider of the graphs.</param>
/// <param name="Device">The device, and why it was chosen.</param>
/// <param name="PairsPerCall">Most pairs in one batch of a scorer.</param>
/// <param name="Banks">The stored records of each side.</param>
/// <param name="Regions">Region features of an image.</param>
/// <param name="MaxTokens">Most tokens of a caption, including the start and end tokens; the rest is cut off.</param>
/// <param name="EmbeddingWidth">Number of values in a coarse embedding.</param>
/// <param name="Ranking">How the bundle orders hits, and its own shortlists; null for the score alone.</param>
/// <param name="DefaultShortlist">The shortlist of a request that gives none: the configured one, or else the bundle's.</param>
/// <param name="Explainer">Whether the bundle has an explainer, so that <c>/v1/explain</c> answers.</param>
/// <param name="Pictures">Whether <c>/v1/pictures</c> has pictures.</param>
/// <param name="PictureTemplate">Where they are elsewhere: their address with <c>{id}</c> for the percent-encoded id, to which <c>/v1/pictures</c> redirects; otherwise null.</param>
/// <param name="Index">The index.</param>
/// <param name="Further">The indexes that are held beside it and can be searched by name.</param>
/// <param name="Shortlist">Where shortlists come from: <c>pgvector</c> or <c>exact</c>.</param>
/// <param name="Catalog">The catalog that is followed; null in embedded mode.</param>
/// <param name="Parity">How far this machine's results are from those recorded at export.</param>
public sealed record ModelResponse(
    string Model,
    string Name,
    string Fingerprint,
    string System,
    string Form,
    string Profile,
    string Precision,
    string Provider,
    DeviceResponse Device,
    int PairsPerCall,
    IReadOnlyList<BankResponse> Banks,
    RegionShape Regions,
    int MaxTokens,
    int EmbeddingWidth,
    RankingResponse? Ranking,
    DefaultShortlistResponse DefaultShortlist,
    bool Explainer,
    bool Pictures,
    string? PictureTemplate,
    IndexCounts Index,
    IReadOnlyList<FurtherIndexResponse> Further,
    string Shortlist,
    CatalogResponse? Catalog,
    ParityReport Parity)
{
    internal static ModelResponse Of(SnapshotStatus status, SearchOptions search, PictureOptions pictures, string deviceReason, IReadOnlyList<FurtherIndexResponse> further, string shortlist, CatalogResponse? catalog)
    {
        var manifest = status.Manifest;
        return new ModelResponse(
            status.Label,
            manifest.Name,
            status.Fingerprint,
            manifest.System,
            manifest.Form,
            manifest.Profile,
            manifest.Precision,
            status.Provider,
            new DeviceResponse(status.Device.Name, deviceReason, status.Device.TotalBytes),
            status.PairsPerCall,
            [.. status.Banks.Select(BankResponse.Of)],
            new RegionShape(manifest.Regions.Most, manifest.Regions.Fewest, manifest.RegionWidth),
            manifest.Tokens.Max,
            manifest.EmbeddingWidth,
            RankingResponse.Of(manifest.Ranking),
            new DefaultShortlistResponse(search.ShortlistOf(manifest.Ranking?.TextToImage), search.ShortlistOf(manifest.Ranking?.ImageToText)),
            manifest.Graphs.Explainer is not null,
            pictures.Any,
            pictures.UrlTemplate.Length > 0 ? pictures.UrlTemplate : null,
            new IndexCounts(status.Images, status.Captions, status.IndexEpoch, status.ManifestFault is not null),
            further,
            shortlist,
            catalog,
            status.Parity);
    }
}
