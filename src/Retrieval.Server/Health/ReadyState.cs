namespace Retrieval.Server.Health;

/// <summary>A state of readiness.</summary>
/// <param name="IsReady">Whether queries can be answered.</param>
/// <param name="Reasons">If not, why, for people to read.</param>
internal sealed record ReadyState(bool IsReady, IReadOnlyList<string> Reasons)
{
    public static ReadyState Yes { get; } = new(true, []);

    public static ReadyState No(string reason) => new(false, [reason]);
}
