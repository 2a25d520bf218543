using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Retrieval.Domain.Numbers;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Scoring;

/// <summary>
/// The cross-modal scorer in one direction. Gathers the bank's records by slot and scores them against the queries'
/// records, inside one graph: per call only the slots and the queries' own tensors move.
/// </summary>
public sealed class PairScorer : IDisposable
{
    private readonly GraphSession _session;
    private readonly PairTensors _tensors;
    private readonly RunOptions _run = new();
    private readonly Lock _gate = new();
    private readonly ScorerInputs _inputs;
    private readonly bool _onCuda;
    private readonly bool _padded;
    private ScorerBinding? _binding;

    internal PairScorer(VerifiedBundle bundle, RecordSide bankSide, ComputeDevice device, InferenceOptions options)
    {
        var manifest = bundle.Manifest;
        BankSide = bankSide;
        PairsPerCall = CallSize.For(manifest, options.PairsPerCall, device.IsCuda);
        _onCuda = device.IsCuda;
        _padded = options.PadPairs ?? device.IsCuda;
        var graph = bankSide == RecordSide.Image ? manifest.Graphs.TextToImageScorer : manifest.Graphs.ImageToTextScorer;
        _session = GraphSession.Create(bundle, graph, ScorerInputs.Contract(manifest), device, options);
        _inputs = new ScorerInputs(_session.Inputs, bankSide);
        _tensors = new PairTensors(PairsPerCall);
    }

    /// <summary>What the bank holds; the queries are the other side.</summary>
    public RecordSide BankSide { get; }

    /// <summary>Most pairs of one call of the graph.</summary>
    public int PairsPerCall { get; }

    /// <summary>
    /// From how many pairs on a larger call costs no less a pair. On a CPU half a call keeps all cores busy, and a call with
    /// one query is the cheaper one, since its tensors are not gathered by pair; on CUDA only a full one does.
    /// </summary>
    public int EnoughPairs => _onCuda ? PairsPerCall : Math.Max(1, PairsPerCall / 2);

    /// <summary>Scores pairs, in calls of at most the configured number of pairs. One thread scores at a time; others wait.</summary>
    /// <param name="bank">Records addressed by <paramref name="slots"/>.</param>
    /// <param name="queries">Records of the other side, addressed by <paramref name="queryIndex"/>.</param>
    /// <param name="slots">Row of the bank of each pair, <c>[P]</c>.</param>
    /// <param name="queryIndex">Row of the queries of each pair, <c>[P]</c>.</param>
    /// <param name="scores">Receives the score of each pair, <c>[P]</c>. A pair's score does not depend on the others.</param>
    /// <param name="cancellationToken">Ends the run on the device.</param>
    /// <exception cref="InferenceException">The runtime failed, or a pair's score is not finite; the pair is named.</exception>
    public void ScorePairs(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> scores, CancellationToken cancellationToken = default)
    {
        if (ScoreSound(bank, queries, slots, queryIndex, scores, cancellationToken) > 0)
        {
            var pair = Finite.FirstNot(scores);
            throw new InferenceException(
                _session.Name, string.Create(CultureInfo.InvariantCulture, $"gave a score that is not finite for slot {slots[pair]} and query {queryIndex[pair]}"));
        }
    }

    /// <summary>
    /// As <see cref="ScorePairs"/>, for pairs of which some may be damaged: one whose score is not finite gets NaN, and all
    /// others keep theirs. NaN has no place in a ranking: whoever calls this leaves such pairs out.
    /// </summary>
    /// <returns>How many pairs got NaN.</returns>
    /// <exception cref="InferenceException">The runtime failed.</exception>
    public int ScoreSound(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> scores, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(queries);
        Validate(bank, queries, slots, queryIndex, scores);
        var unsound = 0;

        // The buffers, the binding and, on CUDA, the session itself serve one call at a time.
        lock (_gate)
        {
            for (var start = 0; start < slots.Length; start += PairsPerCall)
            {
                var count = Math.Min(PairsPerCall, slots.Length - start);
                Call(bank, queries, slots.Slice(start, count), queryIndex.Slice(start, count), cancellationToken);
                var given = scores.Slice(start, count);
                _tensors.Scores(count).CopyTo(given);
                unsound += Finite.All(given) ? 0 : Mark(given);
            }
        }

        return unsound;
    }

    /// <summary>
    /// Runs every size of call once, so that the device's memory has grown and its kernels are loaded before somebody
    /// waits for an answer. What is scored does not matter.
    /// </summary>
    internal void WarmUp(RecordTable bank, RecordTable queries, CancellationToken cancellationToken)
    {
        // Largest first: an arena that has given out the most once cuts smaller pieces from it.
        for (var size = PairsPerCall; size >= 1; size = _padded ? CallSize.Below(size) : 0)
        {
            lock (_gate)
            {
                Call(bank, queries, new long[size], new long[size], cancellationToken);
            }
        }
    }

    internal void ProvePlacement() => _session.ProvePlacement();

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        lock (_gate)
        {
            _binding = null;
            _tensors.Dispose();
            _run.Dispose();
        }
    }

    // Infinities become NaN, so that there is one sign to look for.
    private static int Mark(Span<float> scores)
    {
        var marked = 0;
        foreach (ref var score in scores)
        {
            if (!float.IsFinite(score))
            {
                score = float.NaN;
                marked++;
            }
        }

        return marked;
    }

    private void Call(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, CancellationToken cancellationToken)
    {
        var live = _session.Rent();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_binding is null || !ReferenceEquals(_binding.Session, live))
            {
                _binding = new ScorerBinding(live, _inputs, _onCuda);
            }

            _binding.Tables(bank, queries);
            _binding.Pairs(_tensors.Of(slots, queryIndex, _padded ? CallSize.Bucket(slots.Length, PairsPerCall) : slots.Length));

            // A cancellation that comes too late for the run must not end the next one.
            _run.Terminate = false;
            using var registration = cancellationToken.Register(static state => ((RunOptions)state!).Terminate = true, _run);
            _binding.Run(_run);
        }
        catch (OnnxRuntimeException exception)
        {
            throw _session.Failed(live, exception, cancellationToken);
        }
        finally
        {
            live.Release();
        }
    }

    // An index outside its table would make the runtime fail at best and read other memory at worst.
    private void Validate(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> scores)
    {
        if (bank.Side != BankSide || queries.Side == BankSide)
        {
            throw new ArgumentException($"the bank of this scorer holds records of the side {BankSide} and the queries the other side");
        }

        if (slots.Length != queryIndex.Length || slots.Length != scores.Length)
        {
            throw new ArgumentException($"{slots.Length} slots, {queryIndex.Length} query indices and {scores.Length} scores; expected the same number of each");
        }

        for (var i = 0; i < slots.Length; i++)
        {
            if ((ulong)slots[i] >= (ulong)bank.Count || (ulong)queryIndex[i] >= (ulong)queries.Count)
            {
                throw new ArgumentException($"pair {i} names slot {slots[i]} of {bank.Count} and query {queryIndex[i]} of {queries.Count}");
            }
        }
    }
}
