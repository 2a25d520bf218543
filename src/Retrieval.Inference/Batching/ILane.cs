namespace Retrieval.Inference.Batching;

/// <summary>
/// Work of one kind on one model and bank: what may share a call of the device. Requests of one lane are put together
/// into calls, those of different lanes never.
/// </summary>
public interface ILane
{
    /// <summary>Kind of work, for metrics: <c>score</c>, <c>encode</c> or <c>turn</c>.</summary>
    string Kind { get; }

    /// <summary>Most pieces of one call: pairs of a scorer, captions of an encoder.</summary>
    int PiecesPerCall { get; }

    /// <summary>From how many pieces on a call is not made larger by pieces of a further request.</summary>
    int EnoughPieces => PiecesPerCall;

    /// <summary>
    /// Puts pieces of one or more requests together, on the assembling thread, while the device still works on the call
    /// before.
    /// </summary>
    IDeviceCall Assemble(IReadOnlyList<WorkSlice> slices);
}
