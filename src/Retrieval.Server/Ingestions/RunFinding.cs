using Retrieval.Search.Ingestion;

namespace Retrieval.Server.Ingestions;

/// <summary>What this process found out about the source of a run.</summary>
/// <param name="Id">The run.</param>
/// <param name="Recognised">What its files were recognised as.</param>
/// <param name="Reasons">Its rejects by reason, which it goes on counting.</param>
/// <param name="Warnings">What people should look at, so far.</param>
internal sealed record RunFinding(Guid Id, IReadOnlyList<string> Recognised, RejectReasons Reasons, IReadOnlyList<string> Warnings);
