"""prototype"""
from __future__ import annotations
import numpy as np, torch, os
from torch import Tensor
from motes.losses._cache import kept
from motes.losses._checks import check_pair, check_rate
from motes.losses._frames import power_spectrogram
from motes.losses._gammatone import erb_rate, erb_spaced_hz
WIN=tuple(float(x) for x in os.environ.get('LW','0.0232,0.093').split(','))
EXP=float(os.environ.get('LE','0.15')); NB=int(os.environ.get('LB','64')); P=int(os.environ.get('LP','1')); FLOOR=float(os.environ.get('LF','-90'))
HOPS=int(os.environ.get('LH','4'))

def loudness_distance(estimate: Tensor, reference: Tensor, sample_rate_hz=None):
    check_pair(estimate, reference); rate=check_rate(sample_rate_hz)
    total=0.
    for w in WIN:
        n=2**round(np.log2(w*rate))
        m=_matrix(n, rate, NB, estimate.dtype, estimate.device)
        e,r=(((power_spectrogram(x,n,n//HOPS)@m)+10**(FLOOR/10)).pow(EXP)-10**(FLOOR/10*EXP) for x in (estimate,reference))
        if P==1: total=total+(e-r).abs().mean((1,2,3))/(r.mean((1,2,3))+1e-4)
        else: total=total+((e-r).square().mean((1,2,3))+1e-12).sqrt()/(r.square().mean((1,2,3))+1e-8).sqrt()
    return total/len(WIN)

@kept(32)
def _matrix(n, rate, nb, dtype, device):
    hz=np.arange(n//2+1)*rate/n
    e=erb_rate(hz); c=np.linspace(erb_rate(np.array([50.]))[0], erb_rate(np.array([min(16000,rate/2)]))[0], nb)
    step=max(1.0, c[1]-c[0])
    m=np.maximum(0,1-np.abs(e[:,None]-c)/step)
    empty=m.sum(0)==0
    m[np.abs(e[:,None]-c).argmin(0)[empty], np.nonzero(empty)[0]]=1
    return torch.from_numpy(m).to(device,dtype)
