using Microsoft.ML.OnnxRuntime;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Scoring;

/// <summary>
/// The bindings of a scorer's session. A table is bound again only if it is a different one: its memory does not change. On a
/// device, binding copies the tables that are not there already: once per request and not once per batch.
/// </summary>
internal sealed class ScorerBinding(LiveSession session, ScorerInputs inputs, string output, bool copies)
{
    private RecordTable? _bank;
    private RecordTable? _queries;
    private PairTensor? _pairs;

    public LiveSession Session => session;

    public void Tables(RecordTable bank, RecordTable queries)
    {
        Table(ref _bank, bank, inputs.Bank);
        Table(ref _queries, queries, inputs.Queries);
    }

    public void Pairs(PairTensor pairs)
    {
        // On the CPU the runtime reads the memory directly, and only its contents have changed.
        if (ReferenceEquals(_pairs, pairs) && !copies)
        {
            return;
        }

        // If a bind fails half-way, everything is bound again.
        var known = Interlocked.Exchange(ref _pairs, null);
        if (inputs.TakesSlots)
        {
            session.Binding.BindInput(ScorerInputs.Slots, pairs.Slots);
        }

        if (inputs.TakesQueryIndex)
        {
            session.Binding.BindInput(ScorerInputs.QueryIndex, pairs.Queries);
        }

        if (!ReferenceEquals(known, pairs))
        {
            session.Binding.BindOutput(output, pairs.Outputs);
        }

        _pairs = pairs;
    }

    public void Run(RunOptions options)
    {
        if (copies)
        {
            session.Binding.SynchronizeBoundInputs();
        }

        session.Session.RunWithBinding(options, session.Binding);
    }

    private void Table(ref RecordTable? bound, RecordTable table, IReadOnlyList<string> names)
    {
        // Accesses the table in any case: one that has been disposed of must not be read.
        var tensors = table.Tensors;
        if (ReferenceEquals(bound, table))
        {
            return;
        }

        bound = null;
        for (var i = 0; i < names.Count; i++)
        {
            session.Binding.BindInput(names[i], tensors[names[i]]);
        }

        bound = table;
    }
}
